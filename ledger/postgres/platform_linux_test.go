package postgres

import (
	"net"
	"testing"

	"golang.org/x/sys/unix"
)

// TestSilentServer: every connection notices within about ten seconds that the network or
// the server's machine is gone, whether it waits for an answer or sends.
func TestSilentServer(t *testing.T) {
	a, err := parseAddress(shared.Cluster(t).URL())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []role{roleRead, roleWrite, roleBeat, rolePace} {
		db, err := a.connect(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		conn := db.pg.PgConn().Conn()
		if above, ok := conn.(interface{ NetConn() net.Conn }); ok {
			conn = above.NetConn()
		}
		socket, ok := conn.(*net.TCPConn)
		if !ok {
			t.Fatalf("%T", conn)
		}
		raw, err := socket.SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		for _, option := range []struct{ level, name, want int }{
			{unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
			{unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 5},
			{unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 2},
			{unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 3},
			{unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, 10_000},
		} {
			var is int
			var failed error
			if err := raw.Control(func(fd uintptr) { is, failed = unix.GetsockoptInt(int(fd), option.level, option.name) }); err != nil || failed != nil || is != option.want {
				t.Errorf("role %d, option %d: %d, want %d (%v, %v)", r, option.name, is, option.want, err, failed)
			}
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}
