package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

// secure says how connections are encrypted, if they are.
type secure struct {
	listen *tls.Config // of clients; nil is none
	dial   *tls.Config // of the link to a master; nil is none
}

// newSecure reads certificates and keys. Clients need a certificate if there is an
// authority that signs them, unless tls-auth-clients says otherwise.
func newSecure(get func(name string) string) (t secure, err error) {
	certFile, keyFile, caFile := get("tls-cert-file"), get("tls-key-file"), get("tls-ca-cert-file")
	base := &tls.Config{MinVersion: tls.VersionTLS12}
	if (certFile == "") != (keyFile == "") {
		return t, errors.New("server: tls-cert-file and tls-key-file belong together")
	}
	if certFile != "" {
		pair, err := tls.LoadX509KeyPair(certFile, keyFile)
		if err != nil {
			return t, fmt.Errorf("server: tls-cert-file: %w", err)
		}
		base.Certificates = []tls.Certificate{pair}
	}
	if caFile != "" {
		pem, err := os.ReadFile(caFile)
		if err != nil {
			return t, fmt.Errorf("server: tls-ca-cert-file: %w", err)
		}
		base.RootCAs = x509.NewCertPool()
		if !base.RootCAs.AppendCertsFromPEM(pem) {
			return t, fmt.Errorf("server: tls-ca-cert-file: no certificate in %s", caFile)
		}
	}
	if get("tls-replication") == "yes" {
		t.dial = base.Clone()
	}
	if certFile == "" {
		if caFile != "" && t.dial == nil {
			return t, errors.New("server: tls-ca-cert-file has no effect without tls-cert-file or tls-replication")
		}
		return t, nil
	}
	t.listen = base.Clone()
	if caFile != "" {
		t.listen.ClientCAs = base.RootCAs
		t.listen.ClientAuth = map[string]tls.ClientAuthType{
			"yes": tls.RequireAndVerifyClientCert, "optional": tls.VerifyClientCertIfGiven, "no": tls.NoClientCert,
		}[get("tls-auth-clients")]
	}
	return t, nil
}

// wrap makes the server's side of an encrypted connection. The handshake takes place when
// the connection is first read, in the connection's own goroutine.
func (t secure) wrap(nc net.Conn) net.Conn {
	if t.listen == nil {
		return nc
	}
	return tls.Server(nc, t.listen)
}

func (t secure) describe() string {
	switch {
	case t.listen == nil:
		return "not encrypted"
	case t.listen.ClientAuth == tls.RequireAndVerifyClientCert:
		return "TLS, with a certificate of the client"
	}
	return "TLS"
}

// dialMaster connects to a master, and gives it the password that masterauth says.
func (s *Server) dialMaster(ctx context.Context, host, port string) (net.Conn, error) {
	const patience = 5 * time.Second
	nc, err := (&net.Dialer{Timeout: patience}).DialContext(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, err
	}
	if s.tls.dial != nil {
		conf := s.tls.dial.Clone()
		conf.ServerName = host
		nc = tls.Client(nc, conf)
	}
	defer context.AfterFunc(ctx, func() { nc.Close() })()
	if password := s.config.get("masterauth"); password != "" {
		err = nc.SetDeadline(time.Now().Add(patience))
		if err == nil {
			err = login(nc, password)
		}
		if err == nil {
			err = nc.SetDeadline(time.Time{})
		}
		if err != nil {
			nc.Close()
			return nil, fmt.Errorf("AUTH: %w", err)
		}
	}
	return nc, nil
}

// login sends AUTH and reads the answer, and nothing that may follow it.
func login(nc net.Conn, password string) error {
	if _, err := nc.Write(appendCommand(nil, "AUTH", password)); err != nil {
		return err
	}
	var line []byte
	for len(line) == 0 || line[len(line)-1] != '\n' {
		var b [1]byte
		if _, err := nc.Read(b[:]); err != nil {
			return err
		}
		if line = append(line, b[0]); len(line) > maxInline {
			return errors.New("too long an answer")
		}
	}
	if string(line) != "+OK\r\n" {
		return errors.New(string(line[:len(line)-2]))
	}
	return nil
}
