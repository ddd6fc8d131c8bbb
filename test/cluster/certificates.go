package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

const certificateLifetime = 24 * time.Hour

// certificates makes what the parts of a control plane need to trust each other. Names are those that kubeadm uses.
//
//	certificates server DIR                    two authorities (ca, front-proxy-ca), apiserver, front-proxy-client
//	certificates client DIR FILE USER [GROUP…] a user's certificate, signed by DIR's ca, as DIR/FILE.crt and .key
func certificates() {
	args := os.Args[1:]
	err := errors.New("usage: certificates server DIR | client DIR FILE USER [GROUP…]")
	switch {
	case len(args) == 2 && args[0] == "server":
		err = makeServerCertificates(args[1])
	case len(args) >= 4 && args[0] == "client":
		err = makeClientCertificate(args[1], args[2], pkix.Name{CommonName: args[3], Organization: args[4:]})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "certificates:", err)
		os.Exit(1)
	}
}

func makeServerCertificates(dir string) error {
	for _, name := range []string{"ca", "front-proxy-ca"} {
		authority := &x509.Certificate{
			Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
			KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		}
		if err := issue(dir, name, authority, ""); err != nil {
			return err
		}
	}
	apiserver := &x509.Certificate{
		Subject:     pkix.Name{CommonName: "kube-apiserver"},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv4(10, 96, 0, 1)},
	}
	if err := issue(dir, "apiserver", apiserver, "ca"); err != nil {
		return err
	}
	aggregator := &x509.Certificate{
		Subject:     pkix.Name{CommonName: "front-proxy-client"},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	return issue(dir, "front-proxy-client", aggregator, "front-proxy-ca")
}

// makeClientCertificate certifies a user: the common name is the user, the organisations are the groups
// (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#x509-client-certificates).
func makeClientCertificate(dir, file string, subject pkix.Name) error {
	user := &x509.Certificate{Subject: subject, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	return issue(dir, file, user, "ca")
}

// issue completes a certificate, signs it with the authority of that name in dir (or with its own key), and writes
// name.crt and name.key.
func issue(dir, name string, certificate *x509.Certificate, authority string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return err
	}
	certificate.SerialNumber = serial
	certificate.NotBefore = time.Now().Add(-time.Minute)
	certificate.NotAfter = time.Now().Add(certificateLifetime)
	certificate.KeyUsage |= x509.KeyUsageDigitalSignature

	parent, signer := certificate, crypto.Signer(key)
	if authority != "" {
		if parent, signer, err = readPair(dir, authority); err != nil {
			return err
		}
	}
	signed, err := x509.CreateCertificate(rand.Reader, certificate, parent, key.Public(), signer)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := writePEM(dir, name+".crt", "CERTIFICATE", signed); err != nil {
		return err
	}
	return writePEM(dir, name+".key", "PRIVATE KEY", private)
}

func readPair(dir, name string) (*x509.Certificate, crypto.Signer, error) {
	certificatePEM, err := os.ReadFile(filepath.Join(dir, name+".crt"))
	if err != nil {
		return nil, nil, err
	}
	keyPEM, err := os.ReadFile(filepath.Join(dir, name+".key"))
	if err != nil {
		return nil, nil, err
	}
	certificateBlock, _ := pem.Decode(certificatePEM)
	keyBlock, _ := pem.Decode(keyPEM)
	if certificateBlock == nil || keyBlock == nil {
		return nil, nil, fmt.Errorf("%s.crt or %s.key is not PEM", name, name)
	}
	certificate, err := x509.ParseCertificate(certificateBlock.Bytes)
	if err != nil {
		return nil, nil, err
	}
	key, err := x509.ParsePKCS8PrivateKey(keyBlock.Bytes)
	if err != nil {
		return nil, nil, err
	}
	return certificate, key.(crypto.Signer), nil
}

func writePEM(dir, file, kind string, content []byte) error {
	return os.WriteFile(filepath.Join(dir, file), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600)
}
