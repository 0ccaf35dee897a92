-- Stands in for the Dispatcher module and for all that httpd proxies to, and writes down what each handler is given.
--
-- The request header X-Upstream says what is answered: "status|type|pass|Name: value|...". With "pass" the handler leaves the
-- error to httpd.
local out = io.open(SEEN, "a")

local function text(s)
	if s == nil then return "null" end
	return '"' .. tostring(s):gsub('[%c"\\\127-\255]', function(c) return string.format("\\u%04x", c:byte()) end) .. '"'
end

local function fields(t)
	local list = {}
	for k, v in pairs(t) do list[#list + 1] = text(k) .. ":" .. text(v) end
	return "{" .. table.concat(list, ",") .. "}"
end

function answer(r)
	local handler = r.handler
	if r.proxyreq == "PROXYREQ_REVERSE" then handler = "proxy-server" end
	r.notes["reached"] = "1"
	out:write('{"id":', text(r.headers_in["X-Id"]), ',"handler":', text(handler), ',"uri":', text(r.uri), ',"args":', text(r.args),
		',"filename":', text(r.filename), ',"path_info":', text(r.path_info), ',"type":', text(r.content_type),
		',"env":', fields(r:subprocess_env_table()), ',"headers":', fields(r:headers_in_table()), "}\n")
	out:flush()
	if handler ~= "proxy-server" and handler ~= "dispatcher-handler" then return apache2.DECLINED end

	local words = {}
	for w in ((r.headers_in["X-Upstream"] or "200|text/html|") .. "|"):gmatch("([^|]*)|") do words[#words + 1] = w end
	for i = 4, #words do
		local name, value = words[i]:match("^([^:]+): (.*)$")
		if name then
			local before = r.headers_out[name]
			if before ~= nil and name == "Vary" then value = before .. ", " .. value end
			r.headers_out[name] = value
		end
	end
	local status = tonumber(words[1]) or 200
	local before = r.subprocess_env["REDIRECT_STATUS"]
	local document = before ~= nil and before ~= "200"
	if not document then
		if handler == "dispatcher-handler" and words[3] == "pass" and status >= 400 then return status end
		r.status = status
	end
	if words[2] ~= "" and not document then
		r.content_type = words[2]
	elseif r.content_type == nil or r.content_type == "" then
		r.content_type = "text/html"
	end
	if r.method ~= "HEAD" and status ~= 204 and status ~= 304 then
		r:write("answer of the stand-in for " .. r.uri .. "\n" .. string.rep(".", 80) .. "\n")
	end
	return apache2.OK
end
