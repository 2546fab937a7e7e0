//go:build !windows

package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

// The network between the program and the partner misbehaves: toxiproxy, in
// this process, delays, cuts and resets what goes either way. However the bytes
// are lost, the partner's requests equal the ledger's attempts, nobody is
// created twice, and once the network is well again everybody is onboarded.

// toxic is one way in which toxiproxy spoils a connection, as its JSON.
type toxic struct {
	name  string
	json  string // without the stream
	exact bool   // no byte is lost: each row must keep its link
}

func toxics() []toxic {
	return []toxic{
		{"latency", `"type":"latency","attributes":{"latency":120,"jitter":60}`, true},
		{"latency beyond the timeout", `"type":"latency","toxicity":0.5,"attributes":{"latency":1200}`, false},
		{"reset at once", `"type":"reset_peer","toxicity":0.4,"attributes":{"timeout":0}`, false},
		{"reset later", `"type":"reset_peer","toxicity":0.6,"attributes":{"timeout":40}`, false},
		{"silence", `"type":"timeout","toxicity":0.4,"attributes":{"timeout":0}`, false},
		{"silence, then closed", `"type":"timeout","toxicity":0.4,"attributes":{"timeout":50}`, false},
		{"cut within the headers", `"type":"limit_data","toxicity":0.5,"attributes":{"bytes":60}`, false},
		{"cut within the body", `"type":"limit_data","toxicity":0.5,"attributes":{"bytes":420}`, false},
		{"cut in a later request", `"type":"limit_data","toxicity":0.7,"attributes":{"bytes":1500}`, false},
		{"closes slowly", `"type":"slow_close","attributes":{"delay":300}`, true},
	}
}

func TestPromiseNetwork(t *testing.T) {
	t.Parallel()
	var names []string
	type way struct {
		toxic
		stream string
		early  bool
	}
	var ways []way
	for _, x := range toxics() {
		for _, stream := range []string{"upstream", "downstream"} {
			names = append(names, x.name+" "+stream)
			ways = append(ways, way{x, stream, false})
			if !x.exact && !testing.Short() {
				names = append(names, x.name+" "+stream+" from the start")
				ways = append(ways, way{x, stream, true})
			}
		}
	}
	strands(t, names, max(8, 16/slowdown), func(i int, s strand) { playNetwork(s, ways[i].toxic, ways[i].stream, ways[i].early) })
}

// playNetwork spoils the network from the first create-user request on; early,
// from the first connection on: then the partner's clock may not be known when
// the first rows are sent, and those whose answer is lost are for a person.
func playNetwork(t strand, x toxic, stream string, early bool) {
	const n = 12
	s := newScene(t, sandbox.Config{}, people(n))
	proxy := toxiproxy.NewProxy(toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()),
		"partner", "127.0.0.1:0", strings.TrimSuffix(strings.TrimPrefix(s.base, "http://"), sandbox.BasePath))
	if err := proxy.Start(); err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(proxy.Stop)
	s.base = "http://" + proxy.Listen + sandbox.BasePath
	s.establish()

	spoil := sync.OnceFunc(func() {
		if _, err := proxy.Toxics.AddToxicJson(strings.NewReader(fmt.Sprintf(`{"name":"x","stream":%q,%s}`, stream, x.json))); err != nil {
			t.Errorf("%v", err)
		}
	})
	if early {
		spoil()
	}
	s.before = func(call string, _ int) {
		if call == "create" {
			spoil()
		}
	}
	spoilt := s.run(s.runArgs("--patience", "4s", "--max-attempts", "2", "--max-duration", (5*slowdown*time.Second).String(), "--check-existing", "never")...).ends(0, 3, 6, 8)
	if x.exact {
		spoilt.ends(0)
	}
	spoil() // if not one request has come through
	if err := proxy.Toxics.RemoveToxic(context.Background(), "x"); err != nil {
		t.Fatalf("%v", err)
	}
	var last *process
	for range 3 { // what a toxic had begun to hold back may still come
		if last = s.run(s.runArgs()...).ends(0, 3, 6); last.code != 6 {
			break
		}
	}
	rows := s.rows()
	created, missing := having(rows, ledger.Created), having(rows, ledger.LinkMissing)
	timeless := 0
	for _, r := range rows {
		if early && r.Customer.Code == "no_partner_time" {
			timeless++
		}
	}
	if created+missing+timeless != n || x.exact && missing > 0 {
		t.Errorf("exit %d: rows %v\n%s\n%s", last.code, statuses(rows), last.err.String(), describe(s))
	}
	made := map[string]int{}
	for _, u := range s.users() {
		if made[u.Email]++; made[u.Email] > 1 {
			t.Errorf("created twice: %s\n%s", u.Email, describe(s))
		}
	}
	if len(made) != n && timeless == 0 {
		t.Errorf("%d users for %d people", len(made), n)
	}
	customers := s.customers()
	crash{kills: []killing{{}}}.comparePosts(s, customers)
	sameAttempts(t, s, customers, stream == "downstream" || x.exact)
}

// sameAttempts is invariant 3: it holds the partner's requests against the ledger's attempts, less
// those known never sent. A request whose bytes were lost on the way to the
// partner is an attempt that it never saw, and must then have no answer.
func sameAttempts(t strand, s *scene, customers map[string]ledger.Customer, arrives bool) {
	posts, attempts, lost := len(s.posts()), 0, 0
	for _, c := range customers {
		for _, a := range c.History {
			if a.Class == ledger.NotSent {
				continue
			}
			attempts++
			if a.Class == ledger.Unknown && a.HTTPStatus == 0 {
				lost++
			}
		}
	}
	if posts > attempts || posts < attempts-lost || arrives && posts != attempts {
		t.Errorf("the partner saw %d requests, the ledger has %d attempts, %d of them without any answer\n%s", posts, attempts, lost, describe(s))
	}
}
