package sandbox

import "time"

// keyring remembers idempotency keys for their time to live. What it answered
// is not kept: a repeated key is refused, the first answer is not replayed.
type keyring struct {
	ttl time.Duration
	at  map[string]int64 // key → when it was registered, Unix milliseconds by the simulated clock
}

func (k *keyring) isKnown(key string, now time.Time) bool {
	at, ok := k.at[key]
	return ok && now.UnixMilli()-at < k.ttl.Milliseconds()
}

// takeKey registers a key unless it is known. It reports whether it did.
func (st *store) takeKey(key string) (bool, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	now := st.cfg.now()
	if st.keys.isKnown(key, now) {
		return false, nil
	}
	return true, st.addEntry(entry{Op: opKey, Key: key, At: now.UnixMilli()})
}

func (st *store) knowsKey(key string) bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.keys.isKnown(key, st.cfg.now())
}
