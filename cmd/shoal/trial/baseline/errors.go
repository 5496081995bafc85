package baseline

import "errors"

var (
	// ErrNoPicture means that no reader got a picture, so that there is nothing to measure. What the first of them to
	// fail said is wrapped beside it.
	ErrNoPicture = errors.New("no reader got a picture")

	// ErrNotLowLatency means that the playlist offers no blocking reload or no preload hint: set hlsVariant: lowLatency.
	ErrNotLowLatency = errors.New("not a low-latency playlist")
)
