-- What is known of a cycler's current tests, as one look.
-- KEYS 1 intake  2 current tests. Answers {version, born, {channel, test, channel, test, …}}
local known = redis.call('HMGET', KEYS[1], 'tests', 'born')
return {known[1] or '', known[2] or '', redis.call('HGETALL', KEYS[2])}
