package rtsp_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
)

func TestAMediaMTXPullsItOnDemand(t *testing.T) {
	names := []string{"clock", "h264-bframes-aac", "av1-opus"}
	paths := ""
	for _, name := range names {
		paths += fmt.Sprintf("%s:\n  source: %s\n  sourceOnDemand: yes\n  useAbsoluteTimestamp: true\n", name, serve(t, name, nil))
	}
	server, err := tool.Start(t.Context(), tool.Options{Dir: t.TempDir(), Paths: paths, Progress: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	all := map[string]<-chan received{}
	for _, name := range names {
		all[name] = receive(t, server.RTSPURL(name))
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) { check(t, name, <-all[name]) })
	}
}
