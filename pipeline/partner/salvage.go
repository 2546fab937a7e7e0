package partner

// Salvage reads what a kept excerpt of an OKBroken answer still tells: the
// serviceId, and the verification link if it is whole and absolute https. Both
// are "" where they cannot be read. It proves nothing by itself: only a list of
// users that shows the serviceId does.
func Salvage(excerpt []byte) (serviceID, link string) {
	c := readCreation(excerpt, false)
	return c.id, c.link
}
