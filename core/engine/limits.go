package engine

import "time"

// The bounds of an engine's memory and work. What is said to be dropped is counted where Stats has a field for it.
const (
	maxLinks       = 256  // Config.MaxLinks at most
	maxCandidates  = 64   // candidates known; the oldest is forgotten but for the source: three times as many as there are links
	maxBanned      = 256  // peers refused; the oldest is forgotten
	maxQueued      = 2048 // chunks queued for one link; a further one is dropped
	maxQueuedAll   = 16384
	maxAsks        = 4096 // chunks being asked for; a further one is not asked for
	maxJump        = 2048 // chunk numbers that may be missing at once; beyond it the peer joins anew
	maxAhead       = 8192 // chunk numbers beyond the newest verified one that a neighbour is believed
	maxVerifying   = 4096 // chunks whose verification takes modelled time; a further one is dropped
	maxDue         = 4096 // groups delivered and not yet due; no more are delivered until some are
	maxEvents      = 1024 // events a Ready; a further one is dropped
	maxMalformed   = 8    // malformed or misplaced frames of one link before it is hung up
	maxOutstanding = 64   // requests outstanding on one link
	maxRecent      = 32   // chunks of one link remembered in case the transport hands them back; no more than recallFor take
	maxOffers      = 8    // candidates told a neighbour at once
	maxGapGroups   = 1024 // groups given up one by one; a longer gap is one gap

	controlRate  = 1000 // control frames a second that a link is served
	controlBurst = 2000 // beyond rate and burst frames are dropped
)

// The times by which an engine works.
const (
	beatEvery      = 100 * time.Millisecond
	measureEvery   = time.Second
	statusEvery    = 2 * time.Second // between two Status of unurgent content
	statusSoonest  = 200 * time.Millisecond
	statusLooking  = 400 * time.Millisecond // between two Status for one who does not play yet
	statusCalm     = 2 * time.Second        // likewise for one whom it does not concern soon, if it does not ride
	statusRide     = 200 * time.Millisecond // until one goes with another message for the link
	statusLeaf     = time.Second            // of one that feeds nobody and has no room to: it is nobody's concern, and its uplink may be next to nothing
	pingFirst      = 300 * time.Millisecond // the first pings of a link come at 0, 0.3 and 1 s
	pingSecond     = time.Second
	pingEvery      = 10 * time.Second
	pingRide       = 200 * time.Millisecond // before its time, one goes with the answer to the neighbour's
	receiptSoonest = 250 * time.Millisecond // when receiptChunks have come
	receiptLatest  = 900 * time.Millisecond // a budget looks back one second
	receiptDelayed = 500 * time.Millisecond // when chunks were delayed by receiptDelay
	receiptRide    = 300 * time.Millisecond // until one goes with another message for the link
	receiptChunks  = 24
	receiptFirst   = 6                     // likewise for the first receipt of a link, twice as many for the second, and so on: at first the sender knows nothing
	receiptAfter   = 30 * time.Millisecond // likewise for the first one, from the last frame on, so that it tells of a whole train
	receiptDelay   = 10 * time.Millisecond
	receiptFull    = 80 * time.Millisecond // likewise as soon as there is any: the sender's uplink is full, and may lose most of what it is given
	gossipEvery    = 20 * time.Second
	banFor         = 5 * time.Minute
	suspectFor     = time.Minute // that a peer is refused of which others have said that it forges

	silentAfter   = 300 * time.Millisecond // of a substream, at least
	pausedAfter   = 500 * time.Millisecond // without anything new or offered, or two groups' time if that is more, until the stream counts as paused
	hopPatience   = 100 * time.Millisecond // more, for each peer between the feeder and the source: who is nearer to where a way broke mends it
	quietAfter    = time.Second            // of a link, until it is probed
	quietIdle     = 5 * time.Second        // likewise of a link that nothing is expected of
	probeEvery    = 200 * time.Millisecond
	helloPatience = 10 * time.Second // that a link may take until the peer has said Hello
	maxProbes     = 3                // unanswered, until a link is given up

	recallFor    = 500 * time.Millisecond // how long a transport may take to hand a chunk back, and a want to cross one
	pushLife     = time.Second            // how long a push may wait for the uplink
	parityLife   = 150 * time.Millisecond // likewise of parity: where it would wait for longer, the uplink has something better to do
	askLife      = 400 * time.Millisecond // how long an answer may wait: whoever asked then asks another
	rankStep     = 10 * time.Millisecond  // by which a later target's copy yields
	sourceStep   = 300 * time.Millisecond // likewise at the source, whose first copies matter most: without it a full uplink delays all
	wantLife     = 3 * time.Second        // how long a missing chunk is asked for by one who does not play
	starved      = time.Second            // without any chunk, until a neighbour's word is taken that it is far behind
	joinPatience = 15 * time.Second       // how long a joiner may take twice the rate
)
