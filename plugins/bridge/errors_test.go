package bridge

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	pb "github.com/shoal-live/shoal/api/plugin/v1"
	"github.com/shoal-live/shoal/core/transport"
)

// carried is what arrives of an error at the other side.
func carried(t *testing.T, err error) error {
	t.Helper()
	b, e := proto.Marshal(&pb.Ended{Failure: failureOf(err)})
	if e != nil {
		t.Fatal(e)
	}
	var got pb.Ended
	if e := proto.Unmarshal(b, &got); e != nil {
		t.Fatal(e)
	}
	return errorOf(got.GetFailure())
}

func TestEverySentinelKeepsItsIdentityAcrossTheBoundary(t *testing.T) {
	for _, one := range sentinels() {
		t.Run(one.code.String(), func(t *testing.T) {
			got := carried(t, fmt.Errorf("listen on port 7: %w", one.err))
			if !strings.Contains(got.Error(), "listen on port 7") {
				t.Errorf("text is %q", got)
			}
			for _, other := range sentinels() {
				if errors.Is(got, other.err) != (other.code == one.code) {
					t.Errorf("errors.Is(%v, %v) is %v", one.err, other.err, errors.Is(got, other.err))
				}
			}
		})
	}
}

func TestEveryCodeHasOneSentinel(t *testing.T) {
	seen := map[pb.Code]bool{pb.Code_CODE_UNSPECIFIED: true}
	for _, s := range sentinels() {
		if seen[s.code] {
			t.Errorf("%v twice", s.code)
		}
		seen[s.code] = true
	}
	for n, name := range pb.Code_name { // order-free: each on its own
		if !seen[pb.Code(n)] {
			t.Errorf("%s has no sentinel", name)
		}
	}
}

func TestAnErrorOfTwoMeaningsKeepsBoth(t *testing.T) {
	got := carried(t, fmt.Errorf("%w and %w", transport.ErrTimeout, transport.ErrIdentity))
	if !errors.Is(got, transport.ErrTimeout) || !errors.Is(got, transport.ErrIdentity) {
		t.Errorf("got %v", got)
	}
}

func TestOddErrorsAreCarried(t *testing.T) {
	if carried(t, nil) != nil {
		t.Error("nil became an error")
	}
	for name, text := range map[string]string{"empty": "", "not UTF-8": "a\xffb", "very long": strings.Repeat("é", 1<<20)} {
		t.Run(name, func(t *testing.T) {
			got := carried(t, errors.New(text)).Error()
			if got == "" || !utf8.ValidString(got) || len(got) > maxErrorText+8 {
				t.Errorf("got %d bytes, valid %v", len(got), utf8.ValidString(got))
			}
		})
	}
	if got := errorOf(&pb.Failure{Codes: []pb.Code{999}, Text: "of a later version"}); got.Error() != "of a later version" {
		t.Errorf("got %v", got)
	}
}
