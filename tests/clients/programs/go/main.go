// Signs a file with a key on a PKCS#11 token through crypto11, as any Go program does that takes a
// crypto.Signer.
//
// usage: crypto11-sign MODULE TOKEN KEY pkcs1|pss|ecdsa FILE SIGNATURE
package main

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"

	"github.com/ThalesIgnite/crypto11"
)

func options(scheme string) (crypto.SignerOpts, error) {
	switch scheme {
	case "pkcs1", "ecdsa":
		return crypto.SHA256, nil
	case "pss":
		return &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}, nil
	}
	return nil, fmt.Errorf("no scheme %q", scheme)
}

func sign(module, token, key, scheme, file, signature string) error {
	opts, err := options(scheme)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	context, err := crypto11.Configure(&crypto11.Config{
		Path:       module,
		TokenLabel: token,
	})
	if err != nil {
		return err
	}
	defer context.Close()
	signer, err := context.FindKeyPair(nil, []byte(key))
	if err != nil {
		return err
	}
	if signer == nil {
		return errors.New("no such key")
	}
	digest := sha256.Sum256(data)
	made, err := signer.Sign(rand.Reader, digest[:], opts)
	if err != nil {
		return err
	}
	return os.WriteFile(signature, made, 0o644)
}

func main() {
	if len(os.Args) != 7 {
		fmt.Fprintln(os.Stderr, "usage: crypto11-sign MODULE TOKEN KEY pkcs1|pss|ecdsa FILE SIGNATURE")
		os.Exit(2)
	}
	a := os.Args
	if err := sign(a[1], a[2], a[3], a[4], a[5], a[6]); err != nil {
		fmt.Fprintln(os.Stderr, "crypto11-sign:", err)
		os.Exit(1)
	}
}
