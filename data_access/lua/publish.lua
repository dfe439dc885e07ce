-- Publishes what a watcher found, as one step.
--
-- KEYS 1 counters  2 states  3 full frames  4 frames  5 alerts  6 notices  7 outbox
--      8 snapshots  9 stream of cycles  10 stream of alerts  11 lease of the part  12 facts  13 positions of snapshots
--      14 who took the lease last  15 the bell of the outbox
-- ARGV 1 position of cycles in the archive, '' when not asked  2 the same of alerts
--      3 states  4 frame  5 full frame, '' to keep the last one  6 seconds for which frames are kept
--      7 cycles, '' when none  8 alerts, '' when none  9 snapshot, '' when none  10 positions
--      11 the part, such as 1-of-2  12 token of the lease, '' when nobody else can be at work  13 facts, '' when none
--      14 how many alerts, then id and JSON of each; then id and JSON of every notice
-- Answers {ok, frame id} | {start} | {fenced, why}

local counters, part, token = KEYS[1], ARGV[11], ARGV[12]
local division = string.match(part, '%-of%-%d+$')
if token ~= '' then
  -- A lease that ran out while nobody else took it has hurt nobody: its holder has all there is to know.
  local holder = redis.call('GET', KEYS[11]) or redis.call('GET', KEYS[14]) or token
  if holder ~= token then return {'fenced', 'lease'} end
  local known = redis.call('HGET', counters, 'division')
  if known and known ~= division then return {'fenced', 'division'} end
  if not known then redis.call('HSET', counters, 'division', division) end -- this Redis was emptied
end

local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
if redis.call('HGET', counters, 'run') ~= run then
  if ARGV[1] == '' then return {'start'} end
  for i, name in ipairs({'cycles', 'alerts'}) do
    local n = tonumber(redis.call('HGET', counters, name) or 0)
    redis.call('HSET', counters, name, string.format('%.0f', math.max(n, tonumber(ARGV[i]))))
  end
  redis.call('HSET', counters, 'run', run)
end

-- Drops the fields of a hash that belong to an earlier division of the cyclers.
local function forget_others(key)
  for _, field in ipairs(redis.call('HKEYS', key)) do
    if string.sub(field, -#division) ~= division then redis.call('HDEL', key, field) end
  end
end

local function complete(key) -- whether every part of this division is there
  for n = 1, tonumber(string.match(division, '%d+')) do
    if redis.call('HEXISTS', key, n .. division) == 0 then return false end
  end
  return true
end

for i, name in ipairs({'cycles', 'alerts'}) do
  if ARGV[6 + i] ~= '' then
    local n = redis.call('HINCRBY', counters, name, 1)
    redis.call('XADD', KEYS[8 + i], string.format('%.0f-0', n), 'b', ARGV[6 + i])
  end
end
if ARGV[3] ~= '' then redis.call('HSET', KEYS[2], part, ARGV[3]) end
if ARGV[13] ~= '' then redis.call('HSET', KEYS[12], part, ARGV[13]) end
local last = 15 + 2 * tonumber(ARGV[14])
for i = 15, last - 2, 2 do redis.call('HSET', KEYS[5], ARGV[i], ARGV[i + 1]) end
for i = last, #ARGV - 1, 2 do
  if redis.call('HSETNX', KEYS[6], ARGV[i], ARGV[i + 1]) == 1 then
    redis.call('SADD', KEYS[7], ARGV[i])
    redis.call('LPUSH', KEYS[15], 1) -- wakes whoever waits for notices
    redis.call('LTRIM', KEYS[15], 0, 0)
  end
end
if ARGV[9] ~= '' then
  redis.call('HSET', KEYS[8], part, ARGV[9])
  redis.call('HSET', KEYS[13], part, ARGV[10])
  if complete(KEYS[8]) then
    forget_others(KEYS[8])
    forget_others(KEYS[13])
  end
end
local id = ''
if ARGV[4] ~= '' then
  local oldest = tonumber(redis.call('TIME')[1]) - tonumber(ARGV[6]) -- ids are times of this server
  id = redis.call('XADD', KEYS[4], 'MINID', '~', string.format('%.0f-0', oldest * 1000), '*', 'b', ARGV[4])
  if ARGV[5] ~= '' then
    redis.call('HSET', KEYS[3], 'id:' .. part, id, 'b:' .. part, ARGV[5])
    for _, key in ipairs({KEYS[2], KEYS[3], KEYS[12]}) do forget_others(key) end
  end
end
return {'ok', id}
