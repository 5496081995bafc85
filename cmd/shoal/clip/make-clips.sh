#!/usr/bin/env bash
# Makes the bundled clips from generated sources, beside this script:
#
#   cmd/shoal/clip/make-clips.sh            all of them
#   cmd/shoal/clip/make-clips.sh NAME...    these, such as clock or av1-opus
#
# Needs ffmpeg (5.1 was used) with libx264, libx265, libaom, libvpx, libopus and
# drawtext. The clips are committed; run this only to change them.
#
# Every clip loops without a seam: its length is a whole number of video frames
# and of audio frames, both tracks begin at zero, no key frame depends on what
# came before, and the sound is periodic in that length. The audio frames are
# cut out of the middle of a longer encoding, so that neither the encoder's
# priming nor its ending is in the loop.
#
# In the picture: a running clock (position in the clip), the frame number, and
# a white square during the first 100 ms of every second. In the sound: a 1 kHz
# beep during the same 100 ms. Square and beep tell how well the tracks align.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

FPS=30
quiet=(-hide_banner -loglevel error -y -fflags +bitexact)

# aac SECONDS BITRATE: writes exactly SECONDS of AAC frames (1024 samples, 48 kHz).
aac() {
	local frames=$(($(samples "$1") / 1024))
	sound "$1" aac -b:a "$2" -flags:a +bitexact "$work/long.mp4"
	# Frame 0 is priming, so content second S begins at frame S's worth plus one.
	cut_audio $((frames + 1)) "$frames" 1024
}

# opus SECONDS BITRATE: writes exactly SECONDS of Opus packets (20 ms, 48 kHz), of
# varying size because our MP4 reader refuses a table of equal ones.
opus() {
	local packets=$(($(samples "$1") / 960))
	sound "$1" libopus -b:a "$2" -vbr on -frame_duration 20 -flags:a +bitexact "$work/long.mp4"
	cut_audio "$packets" "$packets" 960
}

samples() { awk -v s="$1" 'BEGIN { printf "%d", s * 48000 + 0.5 }'; }

# sound SECONDS CODEC ARGS...: encodes three periods of the signal.
sound() {
	local period=$1 codec=$2
	shift 2
	local at="mod(t\,$period)"
	ffmpeg "${quiet[@]}" -f lavfi -i "aevalsrc=exprs=0.02*sin(2*PI*300*$at)+lt(mod($at\,1)\,0.1)*0.4*sin(2*PI*1000*$at):s=48000:d=$(awk -v s="$period" 'BEGIN { print 3 * s + 1 }')" \
		-ac 1 -c:a "$codec" "$@"
}

# cut_audio FIRST COUNT SAMPLES: copies COUNT frames of SAMPLES each, from FIRST on.
cut_audio() {
	ffmpeg "${quiet[@]}" -ignore_editlist 1 -i "$work/long.mp4" -c copy -map_metadata -1 -frames:a "$2" \
		-bsf:a "noise=drop='lt(n\,$1)',setts=ts=N*$3:duration=$3" "$work/audio.mp4"
}

# video SECONDS SIZE SOURCE ARGS...: encodes SOURCE with clock and square burnt in.
video() {
	local frames size=$2 source=$3
	frames=$(awk -v s="$1" -v f=$FPS 'BEGIN { printf "%d", s * f + 0.5 }')
	local h=${size#*x}
	local font="font=monospace:fontsize=$((h / 9)):fontcolor=white:box=1:boxcolor=black:boxborderw=4"
	shift 3
	ffmpeg "${quiet[@]}" -f lavfi -i "$source:s=$size:r=$FPS" -frames:v "$frames" -threads 1 -an \
		-vf "drawbox=x=iw-ih/4:y=0:w=ih/4:h=ih/4:color=black:t=fill,drawbox=x=iw-ih/4:y=0:w=ih/4:h=ih/4:color=white:t=fill:enable='lt(mod(n\,$FPS)\,3)',drawtext=$font:x=8:y=8:text='%{pts\:hms}',drawtext=$font:x=8:y=h-th-12:text='frame %{eif\:n\:d\:3}',format=yuv420p" \
		-flags:v +bitexact -map_metadata -1 -video_track_timescale 15360 "$@" "$work/video.mp4"
}

# h264 GOP ARGS: the encoder's options for everything H.264.
h264() { echo "-c:v libx264 -preset slow -profile:v main -g $1 -keyint_min $1 -sc_threshold 0 -bsf:v filter_units=remove_types=6 $2"; }

# join NAME LIMIT: puts both tracks into NAME.mp4 and checks its size in bytes.
join() {
	local out=$1.mp4 size
	ffmpeg "${quiet[@]}" -i "$work/video.mp4" -i "$work/audio.mp4" -map 0:v -map 1:a -c copy \
		-map_metadata -1 -movflags +faststart "$out"
	size=$(stat -c %s "$out")
	echo "$out: $size bytes"
	if ((size > $2)); then
		echo "$out: larger than its limit of $2 bytes; lower its bit rate in this script" >&2
		return 1
	fi
}

SMALL=$((150 * 1024))
A=5.333333333333 # 160 video frames, 250 AAC frames
B=5              # 150 video frames, 250 Opus packets

# The options come as one string each, so they are split on purpose.
# shellcheck disable=SC2046
make() {
	case $1 in
	clock) # the main clip: about 1 Mb/s, a key frame a second
		video 8 640x360 "$MOVING" $(h264 30 "-bf 0 -b:v 890k -maxrate 890k -bufsize 890k")
		aac 8 96k
		join clock $((1024 * 1024))
		;;
	h264-opus)
		video $B 320x180 "$MOVING" $(h264 30 "-bf 0 -b:v 170k -maxrate 170k -bufsize 170k")
		opus $B 32k
		join h264-opus $SMALL
		;;
	h265-aac)
		video $A 320x180 "$MOVING" -c:v libx265 -preset slow -b:v 150k -tag:v hvc1 \
			-x265-params "log-level=error:pools=none:frame-threads=1:keyint=40:min-keyint=40:scenecut=0:bframes=0:open-gop=0:info=0:vbv-maxrate=150:vbv-bufsize=150"
		aac $A 40k
		join h265-aac $SMALL
		;;
	av1-opus)
		video $B 320x180 "$MOVING" -c:v libaom-av1 -cpu-used 5 -usage realtime -lag-in-frames 0 \
			-g 30 -keyint_min 30 -b:v 150k
		opus $B 32k
		join av1-opus $SMALL
		;;
	vp9-opus)
		video $B 320x180 "$MOVING" -c:v libvpx-vp9 -deadline good -cpu-used 3 -lag-in-frames 0 \
			-auto-alt-ref 0 -g 30 -keyint_min 30 -b:v 150k
		opus $B 32k
		join vp9-opus $SMALL
		;;
	h264-bframes-aac)
		video $A 320x180 "$MOVING" $(h264 40 "-bf 2 -b_strategy 0 -x264-params b-pyramid=none:open-gop=0 -b:v 150k -maxrate 150k -bufsize 150k")
		aac $A 40k
		join h264-bframes-aac $SMALL
		;;
	h264-long-gop-aac) # one key frame in 10.67 s: 320 video frames, 500 AAC frames
		video 10.666666666667 320x180 "$MOVING" $(h264 320 "-bf 0 -b:v 75k -maxrate 75k -bufsize 75k")
		aac 10.666666666667 24k
		join h264-long-gop-aac $SMALL
		;;
	h264-big-keys-aac) # hardly any motion: a key frame is ten times the mean
		video $A 320x180 "$STILL" $(h264 40 "-bf 0 -crf 28")
		aac $A 40k
		join h264-big-keys-aac $SMALL
		;;
	h264-480x270-aac) # another resolution, for a publisher that comes back changed
		video $A 480x270 "$MOVING" $(h264 40 "-bf 0 -b:v 155k -maxrate 155k -bufsize 155k")
		aac $A 40k
		join h264-480x270-aac $SMALL
		;;
	*)
		echo "make-clips.sh: no clip \"$1\" (have: ${ALL[*]})" >&2
		return 1
		;;
	esac
}

MOVING="testsrc2=alpha=255"
STILL="mandelbrot=start_scale=0.3:end_scale=0.24:end_pts=400"
ALL=(clock h264-opus h265-aac av1-opus vp9-opus h264-bframes-aac h264-long-gop-aac h264-big-keys-aac h264-480x270-aac)
(($#)) || set -- "${ALL[@]}"
for name in "$@"; do make "$name"; done
