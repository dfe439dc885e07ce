-- Appends one entry to the journal, and the metadata of a test that it states, as one step.
-- KEYS 1 counters  2 journal  3 tests
-- ARGV 1 position in the archive, '' when not asked  2 entry  3 test, '' when none  4 its metadata as it was
--      read, '' when there was none  5 its metadata now
-- Answers {ok, n} | {start} | {moved} when somebody else changed the test meanwhile

local counters = KEYS[1]
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
if redis.call('HGET', counters, 'journal-run') ~= run then
  if ARGV[1] == '' then return {'start'} end
  local n = tonumber(redis.call('HGET', counters, 'journal') or 0)
  redis.call('HSET', counters, 'journal', string.format('%.0f', math.max(n, tonumber(ARGV[1]))))
  redis.call('HSET', counters, 'journal-run', run)
end
if ARGV[3] ~= '' then
  if (redis.call('HGET', KEYS[3], ARGV[3]) or '') ~= ARGV[4] then return {'moved'} end
  redis.call('HSET', KEYS[3], ARGV[3], ARGV[5])
end
local n = redis.call('HINCRBY', counters, 'journal', 1)
redis.call('XADD', KEYS[2], string.format('%.0f-0', n), 'b', ARGV[2])
return {'ok', n}
