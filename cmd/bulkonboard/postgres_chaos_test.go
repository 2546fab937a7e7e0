//go:build !windows

package main

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/jackc/pgx/v5"
	"github.com/rs/zerolog"

	"github.com/bulkonboard/bulkonboard/ledger/postgres/pgtest"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

// Several senders on one ledger in PostgreSQL, with real processes, a real server, and a
// partner that lets an e-mail be used twice, so that every double shows. In each life three
// processes send one list while something happens to one of them, to all, or to the server.
//
// TestPostgresStory plays one life, with what is most likely to happen. The long test plays
// those of the seeds 1 to 20, with -v a line of figures for each:
//
//	POSTGRES_CHAOS=20 go test ./cmd/bulkonboard -run TestPostgresChaosLong -v -timeout 60m
//
// POSTGRES_CHAOS=17-17 plays the one that failed. Times are measured, and never asserted.

// chaos is one life: processes, their ledger and its server.
type chaos struct {
	*scene
	name    string
	random  *rand.Rand
	cluster *pgtest.Cluster
	address string // of the ledger, without anything in between
	lists   []chaosList
	rate    int // of all senders, requests a second
	lease   time.Duration
	timeout time.Duration // of a request
	settle  time.Duration
	all     []*chaosSender
	figures chaosFigures
}

// chaosList is an input, with how many rows it has.
type chaosList struct {
	path string
	rows int
}

// chaosSender is one process that sends.
type chaosSender struct {
	*process
	list      chaosList
	proxy     *toxiproxy.Proxy // between it and the server; nil if there is none
	emergency string
	report    string
	isKilled  bool
}

// chaosRows returns the rows from and to as an input.
func chaosRows(from, to int) string {
	lines := strings.SplitAfter(customersCSV(to), "\n")
	return lines[0] + strings.Join(lines[1+from:1+to], "")
}

// usualLatency is the longest that the partner takes for an answer.
const usualLatency = 250 * time.Millisecond

// newChaos makes a ledger in the cluster, and a partner. Faults are the partner's.
func newChaos(t testing.TB, cluster *pgtest.Cluster, name string, seed uint64, rows, rate int, latency time.Duration, faults ...string) *chaos {
	t.Helper()
	parsed, err := parseFaults(faults)
	if err != nil {
		t.Fatal(err)
	}
	c := &chaos{name: name, random: rand.New(rand.NewPCG(seed, 25)), cluster: cluster, address: cluster.URL(), rate: rate,
		lease: 2 * time.Second, timeout: 3 * time.Second, settle: 3 * time.Second}
	c.scene = newScene(t, sandbox.Config{KeyTTL: 3 * time.Second, EmailsRepeat: true, Seed: seed, Latency: latency / 10, LatencyMax: latency, Faults: parsed}, chaosRows(0, rows))
	c.ledger, c.lists = c.address, []chaosList{{c.input, rows}}
	c.flags = nil
	c.manage("create")
	c.manage("pace", "--rate", fmt.Sprintf("%d/s", rate))
	return c
}

// addSender starts a process. With a proxy, its connections to the server can be cut.
func (c *chaos) addSender(list chaosList, hasProxy bool) *chaosSender {
	c.Helper()
	n := len(c.all) + 1
	return c.startSender(&chaosSender{list: list, emergency: c.path(fmt.Sprintf("%d.emergency", n)), report: c.path(fmt.Sprintf("report%d.csv", n))}, hasProxy)
}

func (c *chaos) startSender(s *chaosSender, hasProxy bool) *chaosSender {
	c.Helper()
	address := c.address
	if hasProxy {
		s.proxy = toxiproxy.NewProxy(toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()), "server", "127.0.0.1:0", c.cluster.Address())
		if err := s.proxy.Start(); err != nil {
			c.Fatal(err)
		}
		c.Cleanup(s.proxy.Stop)
		address = strings.Replace(address, c.cluster.Address(), s.proxy.Listen, 1)
	}
	s.process = c.start("run", "--base-url", c.base, "--ledger", address, "--report", s.report, "--rejects", c.path("rejects.csv"), "--no-progress",
		"--lease", c.lease.String(), "--timeout", c.timeout.String(), "--settle", c.settle.String(), "--key-ttl", c.ttl.String(),
		"--patience", "2m", "--emergency", s.emergency, s.list.path)
	c.all = append(c.all, s)
	return s
}

// startAll starts three processes. They send slowly until all have joined. At once, they check it at the same time, too, and the first one sends alone.
func (c *chaos) startAll(hasProxy, isAtOnce bool) {
	c.Helper()
	if !isAtOnce {
		c.manage("pace", "--rate", "10/s")
	}
	c.figures.began = time.Now()
	for i := range 3 {
		c.addSender(c.lists[i%len(c.lists)], hasProxy)
		if !isAtOnce {
			c.await("it to join", func() bool { return c.count("sender WHERE batch <> 0") > i })
		}
	}
	if !isAtOnce {
		c.manage("pace", "--rate", fmt.Sprintf("%d/s", c.rate))
		c.figures.began = time.Now()
	}
}

// manage runs a ledger command.
func (c *chaos) manage(name string, args ...string) {
	c.Helper()
	c.run(append([]string{"ledger", name, "--base-url", c.base, "--ledger", c.address}, args...)...).ends(0)
}

// await waits until something is so. It fails if the processes end before, or hang.
func (c *chaos) await(what string, isSo func() bool) {
	c.Helper()
	ticks := time.NewTicker(10 * time.Millisecond)
	defer ticks.Stop()
	for end := time.Now().Add(3 * time.Minute); !isSo(); <-ticks.C {
		if time.Now().After(end) || !slices.ContainsFunc(c.all, func(s *chaosSender) bool { return s.running() }) && !isSo() {
			c.Fatalf("%s: waited in vain for %s\n%s", c.name, what, c.said())
		}
	}
}

// awaitPosts waits until the partner has had so many requests.
func (c *chaos) awaitPosts(n int) {
	c.Helper()
	c.await(fmt.Sprintf("%d requests", n), func() bool { return int(c.calls[0].Load()) >= n })
}

// awaitMoment waits until a part of the rows was sent that the seed chooses, at most half,
// and notes that what the life is about begins now.
func (c *chaos) awaitMoment() {
	c.Helper()
	c.awaitPosts(1 + c.random.IntN(c.rows()/2))
	c.figures.hit = time.Now()
}

// awaitBusy waits for the moment, and returns the process that has the most requests in flight.
func (c *chaos) awaitBusy() *chaosSender {
	c.Helper()
	c.awaitMoment()
	pid := 0
	c.await("requests in flight", func() bool {
		c.ask("SELECT coalesce((SELECT s.pid FROM attempt a JOIN sender s ON s.id = a.sender WHERE a.class = '' GROUP BY s.pid ORDER BY count(*) DESC LIMIT 1), 0)", &pid)
		return pid != 0
	})
	c.figures.hit = time.Now()
	return c.senderOf(pid)
}

// senderOf returns a process by its number.
func (c *chaos) senderOf(pid int) *chaosSender {
	c.Helper()
	for _, s := range c.all {
		if s.cmd.Process.Pid == pid {
			return s
		}
	}
	c.Fatalf("%s: no process is %d", c.name, pid)
	return nil
}

// last waits for a time. It is for faults that are of some length.
func (c *chaos) last(d time.Duration) { <-time.After(d) }

// rows is how many customers the lists have.
func (c *chaos) rows() int {
	n := 0
	for _, l := range c.lists {
		n = max(n, l.rows)
	}
	return cmp.Or(c.figures.customers, n)
}

// anyone returns a process that is running.
func (c *chaos) anyone() *chaosSender {
	var living []*chaosSender
	for _, s := range c.all {
		if s.running() {
			living = append(living, s)
		}
	}
	if len(living) == 0 {
		c.Fatalf("%s: no process is running\n%s", c.name, c.said())
	}
	return living[c.random.IntN(len(living))]
}

// kill is kill -9.
func (s *chaosSender) kill() {
	s.isKilled = true
	s.process.kill()
}

// finish waits for all processes, and checks what each says of its end.
func (c *chaos) finish() {
	c.Helper()
	for i, s := range c.all {
		c.await(fmt.Sprintf("the end of process %d", i+1), func() bool { return !s.running() })
		c.figures.codes = append(c.figures.codes, s.code)
		if !s.isKilled && s.code != 0 && s.code != 3 { // 3: links are missing
			c.Errorf("%s: process %d: exit %d\n%s", c.name, i+1, s.code, s.err.String())
		}
	}
}

// said is what all processes have written.
func (c *chaos) said() string {
	var b strings.Builder
	for i, s := range c.all {
		fmt.Fprintf(&b, "process %d, exit %d, running: %t\n%s\n", i+1, s.code, s.running(), s.err.String())
	}
	return b.String()
}

// ask asks the server, which must be up, for one row.
func (c *chaos) ask(sql string, into ...any) {
	c.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	u, err := url.Parse(c.address)
	if err != nil {
		c.Fatal(err)
	}
	db, err := pgx.Connect(ctx, fmt.Sprintf("postgres://postgres@%s/postgres?sslmode=disable&search_path=%s", u.Host, u.Query().Get("schema")))
	if err != nil {
		c.Fatal(err)
	}
	defer func() { _ = db.Close(ctx) }()
	if err := db.QueryRow(ctx, sql).Scan(into...); err != nil {
		c.Fatalf("%s: %v", sql, err)
	}
}

// count asks for a number.
func (c *chaos) count(from string) (n int) {
	c.Helper()
	c.ask("SELECT count(*) FROM "+from, &n)
	return n
}

// TestPostgresStory: three processes send one list at one rate. One is killed, then the server,
// which comes back. Everybody is created once.
func TestPostgresStory(t *testing.T) {
	long(t)
	t.Parallel()
	c := newChaos(t, clusters.Start(t), "one and the server killed", 1, 600, 200, usualLatency)
	playStory(c)
	c.finish()
	c.audit()
	if c.figures.dead != 1 {
		t.Errorf("%d processes were declared ended, want the one that was killed\n%s", c.figures.dead, c.said())
	}
	t.Log("\n" + chaosHeader() + "| – " + c.figures.line(c))
}

func TestPostgresChaosLong(t *testing.T) {
	from, to, err := seedRange(os.Getenv("POSTGRES_CHAOS"))
	if err != nil {
		t.Fatal(err)
	}
	if from == 0 {
		t.Skip("POSTGRES_CHAOS says how many")
	}
	faults := chaosFaults()
	var lines []string
	for seed := from; seed <= to; seed++ {
		f := faults[int(seed-1)%len(faults)]
		t.Run(fmt.Sprintf("%d %s", seed, f.name), func(t *testing.T) {
			cluster := clusters.Start(t)
			latency := usualLatency
			if f.isFast {
				latency = 0
			}
			c := newChaos(t, cluster, f.name, seed, 1600, 200, latency, f.partner...)
			f.play(c)
			c.finish()
			c.audit()
			if f.check != nil {
				f.check(c)
			}
			lines = append(lines, fmt.Sprintf("| %d %s", seed, c.figures.line(c)))
			t.Log("\n" + chaosHeader() + lines[len(lines)-1])
		})
	}
	t.Log("\n" + chaosHeader() + strings.Join(lines, "\n"))
}
