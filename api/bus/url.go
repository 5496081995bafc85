package bus

import (
	"fmt"
	"net/url"
	"strings"
)

// checkURL refuses what is no list of NATS URLs, without repeating it: it may hold a password.
func checkURL(target string) error {
	for one := range strings.SplitSeq(target, ",") {
		u, err := url.Parse(strings.TrimSpace(one))
		if err != nil || u.Host == "" || !strings.Contains(" nats tls ws wss ", " "+u.Scheme+" ") {
			return fmt.Errorf("%w: bus.url is no NATS URL (it looks like nats://host:4222, or nats://user:password@host:4222; several with commas between)", ErrBus)
		}
	}
	return nil
}

// redact takes credentials off a list of URLs.
func redact(target string) string {
	var list []string
	for one := range strings.SplitSeq(target, ",") {
		u, err := url.Parse(strings.TrimSpace(one))
		if err != nil {
			return "the URL of the bus"
		}
		u.User = nil
		list = append(list, u.String())
	}
	return strings.Join(list, ",")
}
