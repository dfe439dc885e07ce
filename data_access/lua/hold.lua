-- Takes or prolongs a lease.
-- KEYS 1 lease  2 who took it last
-- ARGV 1 token it was held under, '' when it was not  2 token to take it under  3 milliseconds
--      4 token of a holder that is known to be dead, '' when none is
--      5 1 to go on under the first token when it ran out and nobody else took it. Answers the holder's token.
local holder = redis.call('GET', KEYS[1])
if holder and holder == ARGV[1] then
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  return holder
end
if holder and holder ~= ARGV[4] then return holder end
local token = ARGV[2]
if not holder and ARGV[1] ~= '' and ARGV[5] == '1' and (redis.call('GET', KEYS[2]) or ARGV[1]) == ARGV[1] then
  token = ARGV[1]
end
redis.call('SET', KEYS[1], token, 'PX', ARGV[3])
redis.call('SET', KEYS[2], token)
return token
