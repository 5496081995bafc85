package clip

import "github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"

// Expected is a bundled clip for tests outside this package, which import
// cliptest and so cannot be inside it.
type Expected struct {
	Name         string
	Video, Audio codecs.Codec
}

// Bundled lists what [bundled] says.
var Bundled = func() (all []Expected) {
	for _, b := range bundled {
		all = append(all, Expected{b.name, b.video, b.audio})
	}
	return all
}()
