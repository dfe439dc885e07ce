-- Takes one batch of one cycler, or says why not. One step: nothing of it is seen half done.
--
-- KEYS 1 stream  2 intake  3 current tests  4… the buckets of fingerprints this batch touches
-- ARGV 1 payload  2 version of the tests it was encoded against  3 next version, '' when they stay
--      4 position in the archive, '' when not asked yet  5 now  6 rows  7 how many tests change
--      then channel and test of each, then for every bucket: when it ends, and its fingerprints
--
-- Answers {ok, n} | {start, n or ''} | {tests} | {rows, duplicates, conflicts} (0-based, bucket by bucket)

local stream, intake, tests = KEYS[1], KEYS[2], KEYS[3]
local known = redis.call('HMGET', intake, 'n', 'run', 'tests')
local n = tonumber(known[1])
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')

-- A server that is new, emptied or restarted may have forgotten ids that the archive already has.
if (not n or known[2] ~= run) and ARGV[4] == '' then
  return {'start', known[1] or ''}
end
if (known[3] or '') ~= ARGV[2] then
  return {'tests'}
end

local changes = tonumber(ARGV[7])
local at = 8 + 2 * changes
local duplicates, conflicts, row = {}, {}, 0
local find, sub = string.find, string.sub

local function judge(mark, value)
  if value == sub(mark, 9, 16) then
    duplicates[#duplicates + 1] = row
  else
    conflicts[#conflicts + 1] = row
  end
end

for bucket = 4, #KEYS do
  local marks = ARGV[at + 2 * (bucket - 4) + 1]
  local old = redis.call('GET', KEYS[bucket])
  if not old then
    row = row + #marks / 16
  elseif #marks > 16 * 80 then -- many: index the bucket once
    local values = {}
    for i = 1, #old, 16 do values[sub(old, i, i + 7)] = sub(old, i + 8, i + 15) end
    for i = 1, #marks, 16 do
      local value = values[sub(marks, i, i + 7)]
      if value then judge(sub(marks, i, i + 15), value) end
      row = row + 1
    end
  else -- few: search the bucket for each, at the places where a fingerprint can start
    for i = 1, #marks, 16 do
      local key = sub(marks, i, i + 7)
      local place = find(old, key, 1, true)
      while place and (place - 1) % 16 ~= 0 do place = find(old, key, place + 1, true) end
      if place then judge(sub(marks, i, i + 15), sub(old, place + 8, place + 15)) end
      row = row + 1
    end
  end
end
if #duplicates + #conflicts > 0 then
  return {'rows', duplicates, conflicts}
end

if not n or known[2] ~= run then
  local archived = tonumber(ARGV[4])
  if not n and archived > 0 then
    redis.call('HSET', intake, 'born', ARGV[5]) -- what is older can be known to the archive only
  end
  n = math.max(n or 0, archived)
  redis.call('HSET', intake, 'run', run)
end
n = n + 1
redis.call('XADD', stream, string.format('%.0f-0', n), 'b', ARGV[1], 't', ARGV[5], 'r', ARGV[6])
redis.call('HSET', intake, 'n', string.format('%.0f', n))
redis.call('HINCRBY', intake, 'rows', ARGV[6])
if changes > 0 then
  for i = 8, 7 + 2 * changes, 2 do redis.call('HSET', tests, ARGV[i], ARGV[i + 1]) end
  redis.call('HSET', intake, 'tests', ARGV[3])
end
for bucket = 4, #KEYS do
  local place = at + 2 * (bucket - 4)
  redis.call('APPEND', KEYS[bucket], ARGV[place + 1])
  redis.call('EXPIREAT', KEYS[bucket], ARGV[place])
end
return {'ok', n}
