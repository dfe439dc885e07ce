-- Says what runs on a channel from now on, as one step.
-- KEYS 1 intake  2 current tests
-- ARGV 1 version of the tests it was worked out against  2 next version  3 channel  4 its test
-- Answers {ok} | {tests} when somebody else changed them meanwhile

if (redis.call('HGET', KEYS[1], 'tests') or '') ~= ARGV[1] then return {'tests'} end
redis.call('HSET', KEYS[2], ARGV[3], ARGV[4])
redis.call('HSET', KEYS[1], 'tests', ARGV[2])
return {'ok'}
