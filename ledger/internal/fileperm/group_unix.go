//go:build unix

package fileperm

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// groups answers who is in a group by the files of the system. Many systems give
// each user a group of the same name, and folders that it may write (umask 002);
// a volume in Kubernetes belongs to a group of its own.
type groups struct {
	root string // "/etc"
	ask  func() []int
	seen map[int]bool
}

func newGroups() *groups {
	return &groups{root: "/etc", ask: ourGroups, seen: map[int]bool{}}
}

// ourGroups returns the groups that we are in.
func ourGroups() []int {
	all, err := os.Getgroups()
	if err != nil {
		all = nil // then only the first one is known
	}
	return append(all, os.Getegid())
}

// isOnlyOurs reports whether we are the only member of a group besides root. It returns
// false if that cannot be determined.
func (g *groups) isOnlyOurs(gid int) bool {
	alone, known := g.seen[gid]
	if !known {
		alone = g.find(gid)
		g.seen[gid] = alone
	}
	return alone
}

func (g *groups) find(gid int) bool {
	in := false
	for _, ours := range g.ask() {
		in = in || ours == gid
	}
	return in && g.isListedHere() && g.hasNoOtherMember(gid)
}

// isListedHere reports whether the files of this machine list all of its groups
// and users, and no directory service does.
func (g *groups) isListedHere() bool {
	return g.eachLine("nsswitch.conf", func(line string) bool {
		name, sources, _ := strings.Cut(line, ":")
		if name = strings.TrimSpace(name); name != "group" && name != "passwd" && name != "initgroups" {
			return true
		}
		for _, s := range strings.Fields(sources) {
			switch s {
			case "files", "compat", "systemd", "altfiles", "[SUCCESS=merge]":
			default:
				return false
			}
		}
		return true
	})
}

// hasNoOtherMember reads /etc/passwd and /etc/group.
func (g *groups) hasNoOtherMember(gid int) bool {
	us, number := strconv.Itoa(os.Geteuid()), strconv.Itoa(gid)
	ours := map[string]bool{"": true, "root": true} // names of us
	alone := g.eachLine("passwd", func(line string) bool {
		f := strings.Split(line, ":") // name:password:user:group:...
		if len(f) < 4 {
			return true
		}
		if f[2] == us || f[2] == "0" {
			ours[f[0]] = true
			return true
		}
		return f[3] != number
	})
	return alone && g.eachLine("group", func(line string) bool {
		f := strings.Split(line, ":") // name:password:group:member,member
		if len(f) < 4 || f[2] != number {
			return true
		}
		for _, member := range strings.Split(f[3], ",") {
			if !ours[strings.TrimSpace(member)] {
				return false
			}
		}
		return true
	})
}

// eachLine reports whether every line of a file is as it should be. A file that
// is not there has none; one that cannot be read is not as it should be.
func (g *groups) eachLine(name string, isGood func(string) bool) bool {
	f, err := os.Open(g.root + "/" + name)
	if errors.Is(err, fs.ErrNotExist) {
		return true
	}
	if err != nil {
		return false
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if line, _, _ := strings.Cut(lines.Text(), "#"); !isGood(line) {
			return false
		}
	}
	return lines.Err() == nil
}
