package fault

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
)

// Pipe serves a handler over in-process connections, which work in a bubble of
// testing/synctest. dial opens one, whatever the address. stop closes all of
// them and returns when no answer is in progress.
func Pipe(handler http.Handler) (dial func(ctx context.Context, network, address string) (net.Conn, error), stop func()) {
	l := &pipe{conns: make(chan net.Conn), done: make(chan struct{})}
	var serving sync.WaitGroup
	// Not a WaitGroup: an answer may begin while stop waits.
	var mu sync.Mutex
	answering, idle := 0, sync.NewCond(&mu)
	count := func(by int) {
		mu.Lock()
		defer mu.Unlock()
		answering += by
		idle.Broadcast()
	}
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			count(1)
			defer count(-1)
			handler.ServeHTTP(w, r)
		}),
		ErrorLog: log.New(io.Discard, "", 0), // clients that disconnect need no log
	}
	serving.Go(func() { _ = server.Serve(l) })
	return l.dial, sync.OnceFunc(func() {
		close(l.done)
		_ = server.Close() // only closes pipes
		serving.Wait()
		mu.Lock()
		defer mu.Unlock()
		for answering > 0 {
			idle.Wait()
		}
	})
}

// pipe is a listener whose connections are pipes.
type pipe struct {
	conns chan net.Conn
	done  chan struct{}
}

var errStopped = errors.New("connection refused: the server has stopped")

func (l *pipe) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.done:
		return nil, errStopped
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept takes the next connection.
func (l *pipe) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close does nothing: stop ends the pipe.
func (l *pipe) Close() error { return nil }

// Addr returns a placeholder.
func (l *pipe) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }
