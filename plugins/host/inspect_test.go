//go:build unix

package host_test

import (
	"errors"
	"os"
	"testing"

	"github.com/shoal-live/shoal/plugins/bridge"
	"github.com/shoal-live/shoal/plugins/host"
	"github.com/shoal-live/shoal/plugins/plugintest"
)

func TestInspectionTellsWhatAPluginOffersAndLeavesNothing(t *testing.T) {
	h, err := host.New(host.Config{Self: plugintest.Self(t), Builtin: fixtures(), Dir: plugintest.Folder(t)})
	if err != nil {
		t.Fatal(err)
	}
	plugintest.Run(t, h)
	i, err := h.Inspect(t.Context(), host.Spec{Kind: bridge.KindPolicy, Name: "parrot"})
	if err != nil {
		t.Fatal(err)
	}
	if len(i.About.Offers) != 1 || i.Ready <= 0 {
		t.Errorf("%d offers after %v", len(i.About.Offers), i.Ready)
	}
	if err := i.Ask(t.Context()); err != nil {
		t.Error(err)
	}
	if uses, err := i.UsesDataChannel(t.Context(), bridge.Offer{Kind: bridge.KindPolicy, Name: "parrot"}, nil); !uses || err != nil {
		t.Errorf("data channel %v, %v", uses, err)
	}
	if uses, err := i.UsesDataChannel(t.Context(), bridge.Offer{Kind: bridge.KindPolicy, Name: "stranger"}, nil); uses || err == nil {
		t.Errorf("data channel of what is not offered %v, %v", uses, err)
	}
	i.End()
	if err := i.Ask(t.Context()); !errors.Is(err, bridge.ErrPluginDied) {
		t.Errorf("after its end it answers with %v", err)
	}
	if _, err := h.Inspect(t.Context(), host.Spec{Path: os.DevNull}); !errors.Is(err, host.ErrRefused) {
		t.Errorf("a device is %v", err)
	}
}
