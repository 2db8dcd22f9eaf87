package export

// Pause lets requests in flight finish and sends no more until Continue.
func (r *Run) Pause() { r.setPaused(true) }

// Continue resumes after Pause.
func (r *Run) Continue() { r.setPaused(false) }

func (r *Run) setPaused(yes bool) {
	r.steer(func(r *Run) {
		r.mu.Paused = yes
		r.wake.Broadcast()
	})
}

// SetWorkers sets the number of requests in flight, clamped to 1 to MaxWorkers,
// and stops the engine from tuning it.
func (r *Run) SetWorkers(n int) {
	n = min(max(n, 1), MaxWorkers)
	r.steer(func(r *Run) {
		r.mu.tuner = nil
		r.employLocked(n)
	})
}

// SetMaxRate limits the number of documents per second; 0 removes the limit.
func (r *Run) SetMaxRate(n int) {
	n = max(n, 0)
	r.steer(func(r *Run) {
		r.mu.maxRate = n
		r.pace.setMaxRate(n)
	})
}

// steer changes a run, and the sync that it does.
func (r *Run) steer(change func(r *Run)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.mu.pass != nil {
		r.mu.pass.steer(change)
	}
	change(r)
}
