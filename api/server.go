package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"todoke/database"
	"todoke/queue/desk"
)

// Config is what a Server is made from. Desk, Keys and DB are mandatory.
type Config struct {
	Desk *desk.Desk
	Keys *KeyStore
	DB   *database.DB // with Migrations applied; answers for Idempotency-Key
	Log  *slog.Logger // nil: slog.Default
	// Ready reports what else must work for requests to be served; nil: nothing.
	Ready func(ctx context.Context) error
	// TrustedProxies are the addresses or networks whose X-Forwarded-For is believed
	// for the usage log. Empty: the address of the connection counts.
	TrustedProxies []string
}

// Server answers the API's requests. It is an http.Handler.
type Server struct {
	desk   *desk.Desk
	keys   *KeyStore
	once   *onceStore
	db     *database.DB
	log    *slog.Logger
	now    func() time.Time
	ready  func(ctx context.Context) error
	engine *gin.Engine
}

// New returns a Server. Errors: a missing part, or a proxy that is no address.
func New(c Config) (*Server, error) {
	if c.Desk == nil || c.Keys == nil || c.DB == nil {
		return nil, errors.New("api: Desk, Keys and DB are all needed")
	}
	s := &Server{
		desk: c.Desk, keys: c.Keys, db: c.DB, log: c.Log, now: c.Desk.Now, ready: c.Ready,
		once: &onceStore{db: c.DB, now: c.Desk.Now},
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	// Release mode, and gin.New rather than gin.Default: gin's own logger prints URLs
	// and its recovery prints the request.
	gin.SetMode(gin.ReleaseMode)
	s.engine = gin.New()
	s.engine.HandleMethodNotAllowed = true
	s.engine.RedirectTrailingSlash = false
	s.engine.ForwardedByClientIP = len(c.TrustedProxies) > 0
	s.engine.RemoteIPHeaders = []string{"X-Forwarded-For"}
	err := s.engine.SetTrustedProxies(c.TrustedProxies)
	if err != nil {
		return nil, fmt.Errorf("api: trusted proxies: %w", err)
	}
	s.engine.Use(s.observe, s.recover, secure, s.refuseNumberInURL)
	s.engine.NoRoute(func(c *gin.Context) { s.fail(c, errNoRoute) })
	s.engine.NoMethod(func(c *gin.Context) { s.fail(c, errNoMethod) })
	for _, r := range s.routes() {
		s.engine.Handle(r.method, r.path, s.serve(r))
	}
	return s, nil
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.engine.ServeHTTP(w, r) }

// Times that bound a request. The longest act is a few commits to local files.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 15 * time.Second
	writeTimeout      = 60 * time.Second
	idleTimeout       = 60 * time.Second
	maxHeaderBytes    = 16 << 10
)

// HTTPServer returns a server for the handler with limits that fit it: what is slow
// or large in a client's request does not hold up the others.
func HTTPServer(handler http.Handler, addr string) *http.Server {
	return &http.Server{
		Addr: addr, Handler: handler,
		ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeaderBytes,
	}
}
