//go:build !windows

package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// chaosFault is what happens in a life.
type chaosFault struct {
	name    string
	partner []string     // faults of the partner
	isFast  bool         // the partner answers at once
	play    func(*chaos) // starts the processes, and does it to them
	check   func(*chaos) // what this kind of life must show besides; nil = nothing
}

func chaosFaults() []chaosFault {
	return []chaosFault{
		{name: "nothing", play: func(c *chaos) { c.startAll(false, false); c.awaitMoment() }, check: checkSameReports},
		{name: "three lists share customers", play: playThreeLists, check: checkSameReports},
		{name: "kill -9 of one", play: playKillOne},
		{name: "kill -9 of the leader in a scan", partner: []string{"drop-after=3%", "drop-before=3%"}, play: playKillLeader},
		{name: "kill -9 of all, and a new one", play: playKillAll},
		{name: "stopped past its lease", play: func(c *chaos) { playStop(c, "sender WHERE end_reason = 'silent'") }, check: checkRecovered},
		{name: "stopped past its requests and their ruling", play: func(c *chaos) {
			playStop(c, "attempt a JOIN customer c ON c.id = a.customer WHERE a.swept = 1 AND c.status = 'link_missing'")
		}},
		{name: "stopped until all was settled", isFast: true, play: playStopLong},
		{name: "database cut off from one", play: playCut, check: checkAllLinks},
		{name: "cut off, killed, started again", play: func(c *chaos) { playCutAndKill(c, false) }},
		{name: "cut off, killed, file merged elsewhere", play: func(c *chaos) { playCutAndKill(c, true) }},
		{name: "connections cut 100 times", play: playResets, check: checkAllLinks},
		{name: "server killed, away for 4 s", play: func(c *chaos) { playOutage(c, 4*time.Second) }, check: checkNobodyEnded},
		{name: "server killed, away for 3 leases", play: func(c *chaos) { playOutage(c, 3*c.lease) }, check: checkNobodyEnded},
		{name: "one and the server killed", partner: []string{"drop-after=1%"}, play: playStory},
	}
}

// playThreeLists sends three lists that share half of their customers.
func playThreeLists(c *chaos) {
	c.lists = nil
	for i := range 3 {
		l := chaosList{c.path(fmt.Sprintf("list%d.csv", i+1)), 800}
		c.write(l.path, chaosRows(400*i, 400*i+800))
		c.lists = append(c.lists, l)
	}
	c.figures.customers = 1600
	c.startAll(false, c.random.IntN(2) == 0)
	c.awaitMoment()
}

func playKillOne(c *chaos) {
	c.startAll(false, c.random.IntN(2) == 0)
	c.awaitMoment()
	c.anyone().kill()
}

// playKillLeader kills the process that reads the partner's list for all, while it waits for
// a page.
func playKillLeader(c *chaos) {
	asked, kill := make(chan struct{}), make(chan struct{})
	var once sync.Once
	var armed sync.WaitGroup
	armed.Add(1)
	c.before = func(call string, _ int) {
		if call == "list" {
			armed.Wait()
			once.Do(func() { close(asked) })
			<-kill
		}
	}
	free := sync.OnceFunc(func() { close(kill) })
	arm := sync.OnceFunc(armed.Done)
	c.Cleanup(func() { arm(); free() })
	c.startAll(false, false)
	c.awaitPosts(1 + c.random.IntN(c.rows()/4))
	arm()
	c.await("the list to be read", func() bool {
		select {
		case <-asked:
			return true
		default:
			return false
		}
	})
	c.figures.hit = time.Now()
	leader, number := c.leader()
	leader.kill()
	free()
	c.await("another leader", func() bool {
		_, next := c.leader()
		return next != number
	})
	c.figures.more = append(c.figures.more, fmt.Sprintf("another led after %.1f s", time.Since(c.figures.hit).Seconds()))
}

// leader returns the process that settles what is in doubt, and its number as a sender.
func (c *chaos) leader() (*chaosSender, int64) {
	c.Helper()
	var pid int
	var number int64
	c.ask("SELECT s.pid, s.id FROM role r JOIN sender s ON s.id = r.sender WHERE r.name = 'resolver'", &pid, &number)
	return c.senderOf(pid), number
}

func playKillAll(c *chaos) {
	c.startAll(false, c.random.IntN(2) == 0)
	c.awaitMoment()
	for _, s := range c.all {
		s.kill()
	}
	sent, at := int(c.calls[0].Load()), time.Now()
	c.addSender(c.lists[0], false)
	c.awaitPosts(sent + 1)
	c.figures.more = append(c.figures.more, fmt.Sprintf("the new one sent after %.1f s", time.Since(at).Seconds()))
}

// playStop stops a process until the ledger has such a row. Its requests last longer than its
// lease, as they do by default.
func playStop(c *chaos, until string) {
	c.timeout, c.settle = 2*c.lease, 2*c.lease
	c.startAll(false, false)
	s := c.awaitBusy()
	s.signal(syscall.SIGSTOP)
	c.await("it to be declared ended", func() bool { return c.count(until) > 0 })
	s.signal(syscall.SIGCONT)
}

// checkRecovered: answers that had arrived before it was stopped were not lost.
func checkRecovered(c *chaos) {
	if f := c.figures; f.dead == 0 || f.lost > f.swept/2 {
		c.Errorf("%s: %d declared ended, %d links are missing, %d attempts were closed by others", c.name, f.dead, f.lost, f.swept)
	}
}

// playStopLong stops a process until the others have settled and sent what it had begun, and the
// keys of that are dead. It must not send what it had intended. The partner answers at once: with
// requests in flight, whose time is over when it goes on, it would hold back the others anyway.
func playStopLong(c *chaos) {
	c.startAll(false, false)
	s := c.awaitBusy()
	s.signal(syscall.SIGSTOP)
	c.await("the end of the others", func() bool {
		for _, other := range c.all {
			if other != s && other.running() {
				return false
			}
		}
		return true
	})
	c.last(c.ttl + time.Second) // until then the partner knows the keys, which are the same
	before := c.calls[0].Load()
	s.signal(syscall.SIGCONT)
	c.await("its end", func() bool { return !s.running() })
	if n := c.calls[0].Load() - before; n > 0 {
		c.Errorf("%s: it sent %d requests after it was declared ended and all was settled", c.name, n)
	}
}

// silence lets nothing pass between a process and the server until the returned function is called.
func (c *chaos) silence(s *chaosSender) (mend func()) {
	c.Helper()
	for _, stream := range []string{"upstream", "downstream"} {
		c.addToxic(s.proxy, fmt.Sprintf(`{"name":%q,"stream":%q,"type":"timeout","attributes":{"timeout":0}}`, stream, stream))
	}
	return func() {
		for _, stream := range []string{"upstream", "downstream"} {
			c.removeToxic(s.proxy, stream)
		}
	}
}

func (c *chaos) addToxic(p *toxiproxy.Proxy, json string) {
	c.Helper()
	if _, err := p.Toxics.AddToxicJson(strings.NewReader(json)); err != nil {
		c.Fatal(err)
	}
}

func (c *chaos) removeToxic(p *toxiproxy.Proxy, name string) {
	c.Helper()
	if err := p.Toxics.RemoveToxic(context.Background(), name); err != nil {
		c.Fatal(err)
	}
}

func playCut(c *chaos) {
	c.startAll(true, false)
	mend := c.silence(c.awaitBusy())
	c.last(3 * c.lease)
	mend()
}

// playCutAndKill cuts a process off, and kills it once it has answers that it could not
// record. They are in its file, which the next start on its host records, or ledger merge
// on another one.
func playCutAndKill(c *chaos, isElsewhere bool) {
	c.startAll(true, false)
	s := c.awaitBusy()
	before := filledBytes(c, s.emergency)
	mend := c.silence(s)
	c.await("answers that could not be recorded", func() bool { return filledBytes(c, s.emergency) > before })
	s.kill()
	mend()
	if !isElsewhere {
		c.last(time.Duration(c.random.Int64N(int64(3 * c.lease))))
		c.startSender(&chaosSender{list: s.list, emergency: s.emergency, report: c.path("again.csv")}, false)
		return
	}
	c.await("the end of the others", func() bool { return c.count("sender WHERE ended_us IS NULL") == 0 })
	moved := filepath.Join(c.path("elsewhere"), "answers.emergency")
	if err := os.Mkdir(filepath.Dir(moved), 0o700); err != nil {
		c.Fatal(err)
	}
	c.copyFile(s.emergency, moved)
	missing := []int{c.countStatus(ledger.LinkMissing)}
	for range 2 {
		c.manage("merge", moved)
		missing = append(missing, c.countStatus(ledger.LinkMissing))
	}
	if missing[1] != missing[2] || missing[1] > missing[0] {
		c.Errorf("%s: links missing before, after the first and the second merge: %v", c.name, missing)
	}
	c.figures.more = append(c.figures.more, fmt.Sprintf("links missing before and after: %d, %d", missing[0], missing[1]))
}

// filledBytes returns how much of an emergency file is used. It has its full size at once.
func filledBytes(c *chaos, path string) int {
	c.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		c.Fatal(err)
	}
	return len(bytes.TrimRight(text, "\x00"))
}

func (c *chaos) countStatus(s ledger.Status) int {
	return c.count(fmt.Sprintf("customer WHERE status = '%s'", s))
}

// playResets cuts connections to the server: at once, or after some bytes, which is often in the
// middle of a commit.
func playResets(c *chaos) {
	c.startAll(true, false)
	c.awaitMoment()
	for range 100 {
		p := c.all[c.random.IntN(len(c.all))].proxy
		stream := []string{"upstream", "downstream"}[c.random.IntN(2)]
		kind := `"type":"reset_peer","attributes":{"timeout":0}`
		if c.random.IntN(3) > 0 {
			kind = fmt.Sprintf(`"type":"limit_data","attributes":{"bytes":%d}`, 1+c.random.IntN(6000))
		}
		c.addToxic(p, fmt.Sprintf(`{"name":"x","stream":%q,%s}`, stream, kind))
		c.last(time.Duration(c.random.Int64N(int64(60 * time.Millisecond))))
		c.removeToxic(p, "x")
	}
}

// playOutage kills all processes of the server, and starts it again later.
func playOutage(c *chaos, away time.Duration) {
	c.startAll(false, c.random.IntN(2) == 0)
	c.awaitMoment()
	c.cluster.Kill(c)
	c.last(away)
	c.cluster.Run(c)
}

// playStory kills a process, and the server once the others have gone on.
func playStory(c *chaos) {
	c.startAll(false, false)
	c.awaitMoment()
	c.anyone().kill()
	c.awaitPosts(int(c.calls[0].Load()) + c.rows()/8)
	c.cluster.Kill(c)
	c.cluster.Run(c)
}

// checkNobodyEnded: an outage for all is nobody's silence.
func checkNobodyEnded(c *chaos) {
	if c.figures.dead > 0 {
		c.Errorf("%s: %d processes were declared ended\n%s", c.name, c.figures.dead, c.said())
	}
	checkAllLinks(c)
}

// checkAllLinks: no link is missing.
func checkAllLinks(c *chaos) {
	if c.figures.lost > 0 {
		c.Errorf("%s: %d links are missing", c.name, c.figures.lost)
	}
}

// checkSameReports: every process reports its whole list, everybody as created.
func checkSameReports(c *chaos) {
	for i, s := range c.all {
		f, err := os.Open(s.report)
		if err != nil {
			c.Errorf("%s: process %d: %v", c.name, i+1, err)
			continue
		}
		rows, err := csv.NewReader(f).ReadAll()
		_ = f.Close() // it was only read
		if err != nil {
			c.Errorf("%s: process %d: %v", c.name, i+1, err)
			continue
		}
		created := 0
		for _, row := range rows {
			for at, name := range rows[0] {
				if name == "status" && row[at] == string(ledger.Created) {
					created++
				}
			}
		}
		if created != s.list.rows {
			c.Errorf("%s: process %d reports %d of %d rows as created", c.name, i+1, created, s.list.rows)
		}
	}
}
