-- Says to whom a notice goes, as one step: it leaves the outbox and waits for each of its targets.
--
-- KEYS 1 notices  2 outbox  3 deliveries  4 told
-- ARGV 1 id of the notice  2 the notice, '' when it lies in the outbox  3 field of told, '' for none
--      4 what to keep there, '' to forget it; then field and value of every delivery
-- Answers 1, or 0 when that was said before.

local new = ARGV[2] ~= '' and redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2]) == 1
local waited = redis.call('SREM', KEYS[2], ARGV[1]) == 1
if not (new or waited) then return 0 end
for i = 5, #ARGV - 1, 2 do redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 1]) end
if ARGV[3] ~= '' and ARGV[4] ~= '' then redis.call('HSET', KEYS[4], ARGV[3], ARGV[4]) end
if ARGV[3] ~= '' and ARGV[4] == '' then redis.call('HDEL', KEYS[4], ARGV[3]) end
return 1
