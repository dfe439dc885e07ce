-- Counts an attempt (or gives it back): of one who tries, and of all together; forgotten some time after its window.
-- KEYS[1] counts of this window; ARGV who, 1 or -1, seconds to keep
local own = redis.call('HINCRBY', KEYS[1], ARGV[1], ARGV[2])
local all = redis.call('HINCRBY', KEYS[1], 'all', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return {own, all}
