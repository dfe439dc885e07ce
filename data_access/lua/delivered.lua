-- A notice has reached a target, as one step.
--
-- KEYS 1 deliveries  2 delivered
-- ARGV 1 field of the delivery  2 when, unix seconds

redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
return 1
