package mp4

import "errors"

var (
	// ErrFormat means that it is no MP4, or that its boxes contradict each other.
	ErrFormat = errors.New("not a readable MP4 file")
	// ErrCutOff means that bytes which the boxes speak of are not there.
	ErrCutOff = errors.New("it is cut off (copy it again, or save what is left: ffmpeg -i FILE -c copy NEW.mp4)")
)
