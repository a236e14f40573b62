-- What wrk asks of workloads.sh's nginx: the mix of an API, seeded. WRK_CLOSE=1 closes behind each.
math.randomseed(11)
local close = os.getenv("WRK_CLOSE") == "1"

local agents = {
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0",
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:127.0) Gecko/20100101 Firefox/127.0",
  "okhttp/4.12.0",
  "python-requests/2.32.3",
}

local function hex(digits)
  local made = {}
  for i = 1, digits do made[i] = string.format("%x", math.random(0, 15)) end
  return table.concat(made)
end

local function request_of_the_mix()
  local fields = {
    ["Host"] = "api.shop.example",
    ["User-Agent"] = agents[math.random(#agents)],
    ["Accept"] = "application/json, text/plain, */*",
    ["Accept-Language"] = "en-US,en;q=0.9,de;q=0.7",
    ["Referer"] = "https://shop.example/catalog/page/" .. math.random(1, 500),
    ["Cookie"] = "session=" .. hex(32) .. "; theme=dark",
    ["X-Request-Id"] = hex(24),
    ["Connection"] = close and "close" or "keep-alive",
  }
  local item, share, method, body = math.random(0, 399), math.random(100), "GET", nil
  local target = "/items/" .. item .. ".json?page=" .. math.random(1, 99)
  if math.random(100) <= 40 then fields["Authorization"] = "Bearer " .. hex(64) end
  if share <= 5 then
    target = "/compressed/" .. item .. ".json"
    fields["Accept-Encoding"] = "gzip"
  elseif share <= 11 then
    method, target = "POST", "/orders"
    fields["Content-Type"] = "application/json"
    body = '{"sku":"' .. hex(12) .. '","note":"' .. string.rep("n", math.random(50, 900)) .. '"}'
  elseif share <= 14 then
    method, target = "DELETE", "/cart/" .. item
  elseif share <= 26 then
    fields["If-Modified-Since"] = "Thu, 01 Jan 2026 00:00:00 GMT"
  elseif share <= 33 then
    target = "/missing/" .. hex(8)
  elseif share <= 35 then
    target = "/fails/500"
  elseif share <= 37 then
    target = "/fails/502"
  elseif share <= 39 then
    target = "/fails/503"
  elseif share <= 40 and close then
    method = "HEAD" -- wrk waits for ever for a HEAD's body on a kept connection
  end
  return wrk.format(method, target, fields, body)
end

local requests = {}

init = function()
  for i = 1, 3000 do requests[i] = request_of_the_mix() end
end

request = function()
  return requests[math.random(#requests)]
end
