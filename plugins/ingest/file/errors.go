package file

import "errors"

var (
	// errFormat means that the file is no MP4, or that its boxes contradict each other.
	errFormat = errors.New("not a readable MP4 file")
	// errCutOff means that bytes which the file speaks of are not there.
	errCutOff = errors.New("it is cut off (copy it again, or save what is left: ffmpeg -i FILE -c copy NEW.mp4)")
	// errNoKey means that decoding can begin nowhere.
	errNoKey = errors.New("it has no key frame at which decoding can begin (encode it again with key frames: ffmpeg -i FILE -g 60 NEW.mp4)")
)
