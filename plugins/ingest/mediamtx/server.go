package mediamtx

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strings"

	"github.com/shoal-live/shoal/core/ingest"
)

// server is the part of the global config that matters here.
type server struct {
	RTSP           *bool  `json:"rtsp"`
	RTSPAddress    string `json:"rtspAddress"`
	RTSPSAddress   string `json:"rtspsAddress"`
	RTSPEncryption string `json:"rtspEncryption"`
	AuthMethod     string `json:"authMethod"`
	AuthInternal   []user `json:"authInternalUsers"`
	AuthHTTP       string `json:"authHTTPAddress"`
	AuthJWKS       string `json:"authJWTJWKS"`
}

// user is one of authInternalUsers.
type user struct {
	User        string   `json:"user"`
	IPs         []string `json:"ips"`
	Permissions []struct {
		Action string `json:"action"`
		Path   string `json:"path"`
	} `json:"permissions"`
}

func (a *api) server(ctx context.Context) (*server, error) {
	var s server
	if err := a.get(ctx, "/v3/config/global/get", &s); err != nil {
		return nil, err
	}
	return &s, nil
}

// rules are what decides who may read, as one string that changes with them.
func (s *server) rules() string {
	return fmt.Sprintf("%s %v %s %s", s.AuthMethod, s.AuthInternal, s.AuthHTTP, s.AuthJWKS)
}

// root is where paths are read: the listener of s, at the host of api where it listens on all addresses.
func (s *server) root(cfg *config) (*url.URL, error) {
	if cfg.rtsp != nil {
		return cfg.rtsp, nil
	}
	if s.RTSP != nil && !*s.RTSP {
		return nil, fmt.Errorf("%w: MediaMTX's RTSP server is off: set `rtsp: yes` in mediamtx.yml", ingest.ErrSource)
	}
	scheme, listen := "rtsp", s.RTSPAddress
	if s.RTSPEncryption == "strict" {
		scheme, listen = "rtsps", s.RTSPSAddress
	}
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return nil, fmt.Errorf("%w: MediaMTX says that RTSP listens at %q: point mediamtx.rtsp at it", ingest.ErrSource, listen)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = cfg.api.Hostname()
	}
	return &url.URL{Scheme: scheme, Host: net.JoinHostPort(host, port)}, nil
}

// bound tells that anonymous readers may read name from some addresses only, as far as internal users say.
func (s *server) bound(name string) bool {
	if s.AuthMethod != "internal" {
		return false
	}
	bound := false
	for _, u := range s.AuthInternal {
		if u.User != "any" || !u.reads(name) {
			continue
		}
		if u.everywhere() {
			return false
		}
		bound = true
	}
	return bound
}

// reads tells that u has the permission to read name, as MediaMTX matches paths.
func (u *user) reads(name string) bool {
	for _, p := range u.Permissions {
		if p.Action != "read" {
			continue
		}
		if p.Path == "" || p.Path == name {
			return true
		}
		if expr, ok := strings.CutPrefix(p.Path, "~"); ok {
			if re, err := regexp.Compile(expr); err == nil && re.MatchString(name) {
				return true
			}
		}
	}
	return false
}

// everywhere tells that u does not hang on the reader's address.
func (u *user) everywhere() bool {
	if len(u.IPs) == 0 {
		return true
	}
	for _, ip := range u.IPs {
		if prefix, err := netip.ParsePrefix(ip); err == nil && prefix.Bits() == 0 {
			return true
		}
	}
	return false
}

// at is the URL of one path.
func at(root *url.URL, name string) string {
	u := *root
	u.Path = "/" + name
	return u.String()
}
