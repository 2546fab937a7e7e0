package partner

import "encoding/json"

// Salvage reads what a kept excerpt of an OKBroken answer still tells: the
// serviceId, and the verification link if it is whole and absolute https. Both
// are "" where they cannot be read. It proves nothing by itself: only a list of
// users that shows the serviceId does.
func Salvage(excerpt []byte) (serviceID, link string) {
	c := readCreation(excerpt, false)
	return c.id, c.link
}

// Keep makes an excerpt that Salvage reads, of an answer that was whole but
// cannot count yet.
func Keep(serviceID, link string) []byte {
	b, err := json.Marshal(map[string]any{"data": map[string]string{"serviceId": serviceID, "verificationUrl": link}})
	if err != nil {
		return nil // strings always marshal
	}
	return b
}
