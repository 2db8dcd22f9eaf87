//go:build unix

package main

import (
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// slowly delays a server's responses, so that an export takes a while.
func slowly(t *testing.T, s *testServer) string {
	t.Helper()
	line := newLine(t, strings.TrimPrefix(s.endpoint, "http://"))
	line.delay(150 * time.Millisecond)
	return "http://" + line.address
}

// line is a connection to a server that can be slowed down, cut and restored.
type line struct {
	t               *testing.T
	address, server string

	mu       sync.Mutex
	listener net.Listener
	open     map[net.Conn]bool
	wait     time.Duration
	wg       sync.WaitGroup
}

func newLine(t *testing.T, server string) *line {
	l := &line{t: t, server: server, address: "127.0.0.1:0", open: map[net.Conn]bool{}}
	l.mend()
	t.Cleanup(func() {
		l.cut()
		l.wg.Wait()
	})
	return l
}

// mend restores the connection.
func (l *line) mend() {
	l.t.Helper()
	listener, err := net.Listen("tcp", l.address)
	if err != nil {
		l.t.Fatalf("listen: %v", err)
	}
	l.mu.Lock()
	l.listener, l.address = listener, listener.Addr().String()
	l.mu.Unlock()
	l.wg.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			l.wg.Go(func() { l.carry(c) })
		}
	})
}

// cut closes all connections and accepts no new ones.
func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.listener.Close()
	for c := range l.open {
		c.Close()
	}
}

// delay delays everything the server sends.
func (l *line) delay(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wait = d
}

// carry copies bytes between a client and the server until one closes.
func (l *line) carry(c net.Conn) {
	defer c.Close()
	s, err := net.Dial("tcp", l.server)
	if err != nil {
		return
	}
	defer s.Close()
	l.mu.Lock()
	l.open[c], l.open[s] = true, true
	l.mu.Unlock()
	done := make(chan struct{})
	go func() {
		defer close(done)
		io.Copy(s, c)
		s.Close()
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := s.Read(buf)
		if n > 0 {
			l.mu.Lock()
			wait := l.wait
			l.mu.Unlock()
			time.Sleep(wait) // this is the delay, not a wait for a condition
			if _, err := c.Write(buf[:n]); err != nil {
				break
			}
		}
		if err != nil {
			break
		}
	}
	c.Close()
	<-done
	l.mu.Lock()
	delete(l.open, c)
	delete(l.open, s)
	l.mu.Unlock()
}
