package export

// Pause lets requests in flight end and asks nothing more until Continue.
func (r *Run) Pause() { r.setPaused(true) }

// Continue goes on after Pause.
func (r *Run) Continue() { r.setPaused(false) }

func (r *Run) setPaused(yes bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.pass != nil {
		r.pass.setPaused(yes)
	}
	r.paused = yes
	r.wake.Broadcast()
}

// SetWorkers changes the number of requests in flight, within 1 and
// MaxWorkers, and ends the engine's own search for it.
func (r *Run) SetWorkers(n int) {
	n = min(max(n, 1), MaxWorkers)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.pass != nil {
		r.pass.SetWorkers(n)
	}
	r.tuner = nil
	r.employ(n)
}

// SetMaxRate changes the largest number of documents a second; 0 is any.
func (r *Run) SetMaxRate(n int) {
	n = max(n, 0)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.pass != nil {
		r.pass.SetMaxRate(n)
	}
	r.maxRate = n
	r.pace.setMaxRate(n)
}
