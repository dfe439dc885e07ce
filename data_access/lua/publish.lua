-- Publishes what the watcher found, as one step.
--
-- KEYS 1 counters  2 states  3 full frame  4 frames  5 alerts  6 notices  7 outbox
--      8 snapshot of the watcher  9 stream of cycles  10 stream of alerts
-- ARGV 1 position of cycles in the archive, '' when not asked  2 the same of alerts
--      3 states  4 frame  5 full frame, '' to keep the last one  6 seconds for which frames are kept
--      7 cycles, '' when none  8 alerts, '' when none  9 snapshot, '' when none  10 positions
--      11 how many alerts, then id and JSON of each; then id and JSON of every notice
-- Answers {ok, frame id} | {start}

local counters = KEYS[1]
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
if redis.call('HGET', counters, 'run') ~= run then
  if ARGV[1] == '' then return {'start'} end
  for i, name in ipairs({'cycles', 'alerts'}) do
    local n = tonumber(redis.call('HGET', counters, name) or 0)
    redis.call('HSET', counters, name, string.format('%.0f', math.max(n, tonumber(ARGV[i]))))
  end
  redis.call('HSET', counters, 'run', run)
end

for i, name in ipairs({'cycles', 'alerts'}) do
  if ARGV[6 + i] ~= '' then
    local n = redis.call('HINCRBY', counters, name, 1)
    redis.call('XADD', KEYS[8 + i], string.format('%.0f-0', n), 'b', ARGV[6 + i])
  end
end
if ARGV[3] ~= '' then redis.call('SET', KEYS[2], ARGV[3]) end
local last = 12 + 2 * tonumber(ARGV[11])
for i = 12, last - 2, 2 do redis.call('HSET', KEYS[5], ARGV[i], ARGV[i + 1]) end
for i = last, #ARGV - 1, 2 do
  if redis.call('HSETNX', KEYS[6], ARGV[i], ARGV[i + 1]) == 1 then redis.call('SADD', KEYS[7], ARGV[i]) end
end
if ARGV[9] ~= '' then redis.call('HSET', KEYS[8], 'snapshot', ARGV[9], 'positions', ARGV[10]) end
local id = ''
if ARGV[4] ~= '' then
  local oldest = tonumber(redis.call('TIME')[1]) - tonumber(ARGV[6]) -- ids are times of this server
  id = redis.call('XADD', KEYS[4], 'MINID', '~', string.format('%.0f-0', oldest * 1000), '*', 'b', ARGV[4])
  if ARGV[5] ~= '' then redis.call('HSET', KEYS[3], 'id', id, 'b', ARGV[5]) end
end
return {'ok', id}
