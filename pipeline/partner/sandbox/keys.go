package sandbox

import "time"

// keyring remembers idempotency keys for their time to live. What it answered
// is not kept: a repeated key is refused, the first answer is not replayed.
type keyring struct {
	ttl   time.Duration
	at    map[string]int64 // key → when it was registered, Unix milliseconds by the simulated clock
	queue []keyTime        // the same, oldest first, with those given back meanwhile
}

type keyTime struct {
	key string
	at  int64
}

func (k *keyring) addKey(key string, at int64) {
	k.at[key] = at
	k.queue = append(k.queue, keyTime{key, at})
}

func (k *keyring) isKnown(key string, now int64) bool {
	at, ok := k.at[key]
	return ok && now-at < k.ttl.Milliseconds()
}

// dropExpired forgets the keys that are past their time, a few at each request.
func (k *keyring) dropExpired(now int64) {
	n := 0
	for n < len(k.queue) && now-k.queue[n].at >= k.ttl.Milliseconds() {
		if old := k.queue[n]; k.at[old.key] == old.at {
			delete(k.at, old.key)
		}
		n++
	}
	k.queue = k.queue[n:]
}

// takeKey registers a key unless it is known. It reports whether it did.
func (st *store) takeKey(key string) (bool, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	now := st.now().UnixMilli()
	st.keys.dropExpired(now)
	if st.keys.isKnown(key, now) {
		return false, nil
	}
	return true, st.addEntry(entry{Op: opKey, Key: key, At: now})
}

func (st *store) knowsKey(key string) bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.keys.isKnown(key, st.now().UnixMilli())
}

func (st *store) freeKey(key string) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.addEntry(entry{Op: opFree, Key: key})
}
