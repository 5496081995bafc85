#!/usr/bin/env bash
# Records how many bytes libx264 makes of each 100 ms of video, for the key stream.trace of a scenario: a minute at
# 2.5 Mb/s, 720p, 30 frames a second, with a key frame every second and every four. The CSV files beside this script
# are what it made; another version of ffmpeg or x264 makes slightly others.
#
#   cmd/shoal/scenarios/make-traces.sh [DIRECTORY]
#
# Needs ffmpeg (5.1 was used) with libx264 and lavfi, ffprobe, and some minutes: fractals are slow to draw.
set -euo pipefail
dir=${1:-$(dirname "$0")}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Six scenes of ten seconds, cut hard, with the grain of a camera over all of them: into a fractal; over a still
# picture, as a camera that turns; a still picture with a moving inset, as a studio; the test pattern, which is flat and
# quick; the studio again, of another picture; and out of the fractal.
still='trim=end_frame=1,loop=loop=-1:size=1,setpts=N/30/TB'
scenes="
mandelbrot=s=1280x720:r=30:start_scale=2:end_scale=0.02:end_pts=300,trim=duration=10,setsar=1,format=yuv420p[zoom];
mandelbrot=s=2560x1440:r=30:start_scale=0.05,$still,crop=1280:720:90*t:45*t,trim=duration=10,setsar=1,format=yuv420p[turn];
mandelbrot=s=1280x720:r=30:start_scale=0.01,$still,format=yuv420p[wall];
life=s=320x180:r=30:mold=10:ratio=0.1:seed=7:death_color=#203040:life_color=#d0c0b0,format=yuv420p[inset];
[wall][inset]overlay=800:80,trim=duration=10,setsar=1[studio];
testsrc2=s=1280x720:r=30,trim=duration=10,setsar=1,format=yuv420p[pattern];
mandelbrot=s=1280x720:r=30:start_scale=0.2,$still,format=yuv420p[wall2];
life=s=160x240:r=30:mold=10:ratio=0.2:seed=8:death_color=#203040:life_color=#d0c0b0,format=yuv420p[inset2];
[wall2][inset2]overlay=200:300,trim=duration=10,setsar=1[studio2];
mandelbrot=s=1280x720:r=30:start_scale=0.02:end_scale=2:end_pts=300,trim=duration=10,setsar=1,format=yuv420p[out];
[zoom][turn][studio][pattern][studio2][out]concat=n=6,noise=alls=5:allf=t:all_seed=1,split[one][four]"

# encode LABEL SECONDS: the options of one output, with a key frame every so many seconds and nowhere else.
encode() {
	echo -map "[$1]" -t 60 -r 30 -c:v libx264 -preset veryfast -bf 0 -b:v 2500k -maxrate 2500k -bufsize 2500k \
		-g $(($2 * 30)) -keyint_min $(($2 * 30)) -sc_threshold 0 -threads 1 "$work/$2.mp4"
}
# shellcheck disable=SC2046 # words without spaces
ffmpeg -hide_banner -nostdin -v error -y -filter_complex "$scenes" $(encode one 1) $(encode four 4)

for gop in 1 4; do
	{
		echo "# Bytes of each 100 ms of a minute of libx264, 2.5 Mb/s, 720p30, a key frame every $gop s: by make-traces.sh"
		echo "time,bytes"
		ffprobe -v error -select_streams v -show_entries packet=size -of csv=p=0 "$work/$gop.mp4" |
			awk '{ sum += $1 } NR % 3 == 0 { printf "%.1f,%d\n", (NR - 3) / 30, sum; sum = 0 }'
	} >"$dir/x264-${gop}s.csv"
done
