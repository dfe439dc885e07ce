-- Drops what is committed and old enough from the head of a stream.
-- KEYS 1 stream  ARGV 1 last committed entry  2 arrivals before this time may go. Answers how many went.
local from = nil
for _, entry in ipairs(redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 200)) do
  local n = tonumber(string.match(entry[1], '^(%d+)'))
  local fields, arrived = entry[2], nil
  for i = 1, #fields, 2 do
    if fields[i] == 't' then arrived = tonumber(fields[i + 1]) end
  end
  if n > tonumber(ARGV[1]) or (arrived and arrived >= tonumber(ARGV[2])) then break end
  from = n
end
if not from then return 0 end
return redis.call('XTRIM', KEYS[1], 'MINID', string.format('%.0f-0', from + 1))
