package file

import "errors"

var (
	// errNoKey means that decoding can begin nowhere.
	errNoKey = errors.New("it has no key frame at which decoding can begin (encode it again with key frames: ffmpeg -i FILE -g 60 NEW.mp4)")
	// errEnded means that the file was played to its end and is not to be played again.
	errEnded = errors.New("it has ended (loop: yes plays it again)")
)
