-- Lets go of a lease, if it is still held under the token.
-- KEYS 1 lease  ARGV 1 token. Answers whether it was.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
