package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// errorMutations are error responses.
func errorMutations() []mutation {
	var list []mutation
	for _, e := range []struct {
		status            int
		code, description string
	}{
		{400, "bad request", "Requested timestamp 2024-01-01T00:00:00Z less than minimum allowed timestamp 2025-01-01T00:00:00Z."},
		{400, "bad request", "Query exceeds max width. Max: 100000, current: 100001."},
		{400, "bad request", "Transaction does too much compute: got 12001, limit: 12000"},
		{400, "invalid expression", "No form/function found, or invalid argument keys: { foo }."},
		{400, "invalid argument", "Ref or Set expected, Integer provided."},
		{400, "invalid ref", "Ref refers to undefined collection 'users'"},
		{400, "instance not found", "Index 'users-ts' is not active."},
		{400, "missing identity", "Authentication does not contain an identity"},
		{401, "unauthorized", "Unauthorized"},
		{403, "permission denied", "Insufficient privileges to perform the action."},
		{404, "instance not found", "Document not found."},
		{404, "not found", "Not Found"},
		{405, "method not allowed", "Allowed methods are GET, POST."},
		{409, "contended transaction", "Transaction was aborted due to detection of concurrent modification."},
		{410, "permission denied", "Your account has been disabled."},
		{413, "request too large", "Request entity is too large"},
		{429, "too many requests", "Rate limit for read exceeded"},
		{440, "processing time limit exceeded", "Too slow."},
		{500, "internal server error", "NullPointerException Please create a ticket at https://support.fauna.com"},
		{503, "time out", "Read timed out (Query eval has timed out.)"},
		{540, "operator error", "The cluster has no nodes."},
		{200, "unauthorized", "Unauthorized"},
		{200, "permission denied", "Insufficient privileges to perform the action."},
	} {
		list = append(list, whole(fmt.Sprintf("%d %s: %.20s", e.status, e.code, e.description), reply{status: e.status, body: errorBody(e.code, e.description)}))
	}
	place := func(name string, status int, code, description string) mutation {
		return mutateParts(name, func(p *parsed) bool {
			if p.form != formArray && p.form != formErrors || len(p.list) == 0 {
				return false
			}
			text, _ := json.Marshal(map[string]any{"position": []any{len(p.list) / 2, "from"}, "code": code, "description": description})
			*p = parsed{form: formErrors, status: status, list: []json.RawMessage{text}}
			return true
		})
	}
	html := reply{status: 502, kind: "text/html", body: []byte("<html><body>Bad Gateway</body></html>")}
	page503, page504, page200, page404 := html, html, html, html
	page503.status, page504.status, page200.status, page404.status = 503, 504, 200, 404
	return append(list,
		place("one is denied", 403, "permission denied", "Insufficient privileges to perform the action."),
		place("one is missing", 404, "instance not found", "Document not found."),
		place("one has no collection", 400, "invalid ref", "Ref refers to undefined collection 'users'"),
		place("one is refused", 400, "invalid argument", "Ref or Set expected, Integer provided."),
		mutation{"all are well", func(_ *liar, x, _ exchange) (reply, bool) {
			p, ok := parse(x)
			p.form, p.status = formArray, 200
			for i := range p.list {
				p.list[i] = []byte("946598400000000")
			}
			return p.reply(), ok && x.status >= 400
		}},
		mutateParts("an error of a place that was not asked for", func(p *parsed) bool {
			if p.form != formErrors {
				return false
			}
			p.list = append(p.list, []byte(`{"position":[99,"from"],"code":"permission denied","description":"Insufficient privileges to perform the action."}`))
			return true
		}),
		whole("408 of the channel", reply{status: 408, body: []byte(`{"error":"request timeout: 60s"}`)}),
		whole("500 of the channel", reply{status: 500, body: []byte(`{"error":"internal server error"}`)}),
		whole("400 of the channel", reply{status: 400, body: []byte(`{"error":"bad request"}`)}),
		whole("502 of a proxy", html), whole("503 of a proxy", page503), whole("504 of a proxy", page504), whole("200 of a web site", page200), whole("404 of a web site", page404),
		whole("301", reply{status: 301, body: []byte("moved"), header: map[string]string{"Location": "http://192.0.2.1/"}}),
		whole("204", reply{status: 204}),
		whole("errors empty", reply{status: 400, body: []byte(`{"errors":[]}`)}),
		mutateTransport("201", func(a *reply) bool { a.status = 201; return true }),
		mutateTransport("the answer with status 500", func(a *reply) bool { a.status = 500; return true }),
		mutateTransport("the answer with status 400", func(a *reply) bool { a.status = 400; return true }),
		mutateTransport("the answer with status 404", func(a *reply) bool { a.status = 404; return true }),
		mutateTransport("the answer with status 206", func(a *reply) bool { a.status = 206; return true }),
		mutateTransport("the errors with status 200", func(a *reply) bool { was := a.status; a.status = 200; return was >= 400 }),
	)
}

// wireMutations disturb the transmission of an answer.
func wireMutations() []mutation {
	return []mutation{
		mutateTransport("slow by a byte a second", func(a *reply) bool { a.slow = true; return len(a.body) > 60 }),
		mutateTransport("cut before", func(a *reply) bool { a.cut = -1; return true }),
		mutateTransport("cut after 1 byte", func(a *reply) bool { a.cut = 1; return true }),
		mutateTransport("cut in half", func(a *reply) bool { a.cut = len(a.body) / 2; return true }),
		mutateTransport("cut before the last byte", func(a *reply) bool { a.cut = len(a.body) - 1; return true }),
		mutateTransport("length too short", func(a *reply) bool { a.length = len(a.body) - 1; return true }),
		mutateTransport("length of the half", func(a *reply) bool { a.length = len(a.body) / 2; return true }),
		mutateTransport("length too long", func(a *reply) bool { a.length = len(a.body) + 1; return true }),
		mutateTransport("chunked", func(a *reply) bool { a.length = -1; return true }),
		mutateTransport("endless", func(a *reply) bool { a.endless = true; return true }),
		mutateTransport("padded to 10 times", func(a *reply) bool {
			a.body = append(slices.Clone(a.body), bytes.Repeat([]byte(" "), 9*len(a.body))...)
			return true
		}),
		mutateTransport("transaction time far ahead", func(a *reply) bool { a.txn = 4_000_000_000_000_000; return true }),
		mutateTransport("transaction time 1", func(a *reply) bool { a.txn = 1; return true }),
		mutateTransport("transaction time no number", func(a *reply) bool {
			a.header = map[string]string{"X-Txn-Time": "soon"}
			return true
		}),
		mutateTransport("encoded", func(a *reply) bool { a.header = map[string]string{"Content-Encoding": "gzip"}; return true }),
	}
}

// textMutations are answers that are not in Fauna's format.
func textMutations() []mutation {
	text := func(name, body string) mutation { return whole(name, reply{status: 200, body: []byte(body)}) }
	around := func(name string, change func(body string) string) mutation {
		return mutateTransport(name, func(a *reply) bool {
			was := string(a.body)
			a.body = []byte(change(was))
			return a.status == 200 && was != string(a.body)
		})
	}
	return []mutation{
		text("nothing", ""), text("not JSON", "ok"), text("{}", "{}"), text("[]", "[]"), text("null", "null"),
		text("resource null", `{"resource":null}`), text("resource {}", `{"resource":{}}`), text("resource []", `{"resource":[]}`), text("data null", `{"resource":{"data":null}}`),
		text("data {}", `{"resource":{"data":{}}}`), text("data a text", `{"resource":{"data":"x"}}`),
		text("nested deep", `{"resource":`+strings.Repeat("[", 20_000)+strings.Repeat("]", 20_000)+`}`),
		around("a byte less", func(b string) string { return b[:len(b)-1] }),
		around("two bytes less", func(b string) string { return b[:len(b)-2] }),
		around("ended with }", func(b string) string { return b[:len(b)/2] + "}" }),
		around("a byte more", func(b string) string { return b + "}" }),
		around("twice", func(b string) string { return b + b }),
		around("with a newline", func(b string) string { return b + "\n" }),
		around("with a mark of order", func(b string) string { return "\ufeff" + b }),
		around("with another field in front", func(b string) string { return `{"other":1,` + b[1:] }),
		around("with another field behind", func(b string) string { return b[:len(b)-1] + `,"other":{"resource":{"data":[]}}}` }),
		around("resource twice", func(b string) string { return b[:len(b)-1] + `,"resource":{"data":[]}}` }),
		around("data twice", func(b string) string { return strings.Replace(b, `"data":`, `"data":[],"data":`, 1) }),
		around("with errors too", func(b string) string {
			return b[:len(b)-1] + `,"errors":[{"code":"permission denied","description":"Insufficient privileges to perform the action."}]}`
		}),
		around("a quote lost", func(b string) string {
			i := strings.LastIndex(b, `"`)
			if i < 0 {
				return b
			}
			return b[:i] + b[i+1:]
		}),
		around("a comma lost", func(b string) string {
			i := strings.LastIndex(b, `,`)
			if i < 0 {
				return b
			}
			return b[:i] + b[i+1:]
		}),
		around("a control character", func(b string) string {
			i := strings.LastIndex(b, `"`)
			if i < 0 {
				return b
			}
			return b[:i] + "\x01" + b[i:]
		}),
	}
}
