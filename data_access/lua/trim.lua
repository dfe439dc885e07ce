-- Drops what is committed and old enough from the head of a stream.
-- KEYS 1 stream  ARGV 1 last committed entry  2 arrivals before this time may go  3 how many may go at once.
-- Answers how many went. Ids have no holes and entries lie in order of arrival, so the last one that may go is
-- found by halving: to read them all would read every reading.

local function entry(from)
  local found = redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', 1)[1]
  if not found then return nil end
  local fields = found[2]
  for i = 1, #fields, 2 do
    if fields[i] == 't' then return tonumber(string.match(found[1], '^(%d+)')), tonumber(fields[i + 1]) end
  end
end

local first, arrived = entry('-')
local limit = tonumber(ARGV[2])
if not first or first > tonumber(ARGV[1]) or arrived >= limit then return 0 end
local goes, stays = first, math.min(tonumber(ARGV[1]), first + tonumber(ARGV[3]) - 1) + 1
while stays - goes > 1 do
  local middle = math.floor((goes + stays) / 2)
  local n, at = entry(string.format('%.0f-0', middle))
  if n and n < stays and at < limit then goes = n else stays = middle end
end
return redis.call('XTRIM', KEYS[1], 'MINID', string.format('%.0f-0', goes + 1))
