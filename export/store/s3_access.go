package store

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"gopkg.in/ini.v1"
)

const amazon = "s3.amazonaws.com"

// connect builds the store's client; it sends no requests.
func (s *S3) connect() error {
	getenv := s.opt.Getenv
	text := cmp.Or(s.opt.Endpoint, getenv("AWS_ENDPOINT_URL_S3"), getenv("AWS_ENDPOINT_URL"))
	server, err := parseS3Endpoint(text)
	if err != nil {
		return err
	}
	profile := cmp.Or(getenv("AWS_PROFILE"), "default")
	region := cmp.Or(getenv("AWS_REGION"), getenv("AWS_DEFAULT_REGION"), profileRegion(getenv, profile))
	lookup := minio.BucketLookupAuto
	if !strings.HasSuffix(server.Host, ".amazonaws.com") {
		lookup = minio.BucketLookupPath
		if strings.HasSuffix(server.Host, ".r2.cloudflarestorage.com") {
			region = cmp.Or(region, "auto")
		}
		region = cmp.Or(region, "us-east-1")
	}
	transport, err := s3Transport(s.ctx, getenv("AWS_CA_BUNDLE"))
	if err != nil {
		return err
	}
	if s.opt.Proxy != nil {
		if transport.Proxy, err = s.opt.Proxy(server); err != nil {
			return err
		}
	}
	s.plain = server.Scheme == "http"
	s.chain = &credentialChain{getenv: getenv, profile: profile}
	s.creds = credentials.New(s.chain)
	s.core, err = minio.NewCore(server.Host, &minio.Options{
		Creds: s.creds, Secure: !s.plain, Region: region, BucketLookup: lookup, Transport: transport,
		MaxRetries: 1, // do retries failed requests
	})
	if err != nil {
		return fmt.Errorf("the S3 endpoint %q: %w", text, err)
	}
	s.core.SetAppInfo("fauna-export", "1")
	return nil
}

// parseS3Endpoint parses an endpoint: a URL, or a host with or without a port. A
// bare host means http on this machine and https elsewhere.
func parseS3Endpoint(text string) (*url.URL, error) {
	full := cmp.Or(text, "https://"+amazon)
	if !strings.Contains(full, "://") {
		full = "https://" + text
		name, _, err := net.SplitHostPort(text)
		if err != nil {
			name = text
		}
		if ip, err := netip.ParseAddr(strings.Trim(name, "[]")); name == "localhost" || err == nil && ip.IsLoopback() {
			full = "http://" + text
		}
	}
	u, err := url.Parse(full)
	switch {
	case err != nil:
		return nil, errors.New("the S3 endpoint is not a host, host:port or URL")
	case u.User != nil:
		return nil, errors.New("the S3 endpoint takes no name or password: credentials come from the AWS_… variables or a profile")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("the S3 endpoint %q is neither http:// nor https://", text)
	case u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("the S3 endpoint %q must be a host without a path; put the bucket in --out s3://bucket/prefix", text)
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

// s3Transport returns a separate transport for the store, which trusts the
// certificates in the bundle if one is named.
func s3Transport(ctx context.Context, bundle string) (*http.Transport, error) {
	t := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
		MaxIdleConnsPerHost:   16,
		IdleConnTimeout:       30 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: time.Minute,
		DisableCompression:    true, // a compressed object must stay compressed
		WriteBufferSize:       64 << 10,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
	}
	if bundle == "" {
		return t, nil
	}
	pem, err := ReadPEM(ctx)(bundle)
	if err != nil {
		return nil, fmt.Errorf("AWS_CA_BUNDLE: %w", err)
	}
	t.TLSClientConfig.RootCAs = x509.NewCertPool()
	if !t.TLSClientConfig.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("AWS_CA_BUNDLE: %s holds no certificate", bundle)
	}
	return t, nil
}

// profileRegion returns the region of a profile in the AWS config file.
func profileRegion(getenv func(string) string, profile string) string {
	data, err := ReadRegular(awsFile(getenv, "AWS_CONFIG_FILE", "config"), MaxPEM)
	if err != nil {
		return ""
	}
	file, err := ini.LoadSources(ini.LoadOptions{SkipUnrecognizableLines: true}, data)
	if err != nil {
		return ""
	}
	return cmp.Or(file.Section("profile "+profile).Key("region").String(), file.Section(profile).Key("region").String())
}

// awsFile returns the file that a variable names, or else the one in .aws in the home
// folder; "" for none.
func awsFile(getenv func(string) string, variable, name string) string {
	path, home := getenv(variable), cmp.Or(getenv("HOME"), getenv("USERPROFILE"))
	if path == "" && name != "" && home != "" {
		path = filepath.Join(home, ".aws", name)
	}
	return path
}

// NoCredentials is the error of an S3 store without complete credentials: exit
// code 4.
type NoCredentials struct {
	Store string
	// Tried lists the sources that were tried, and what is wrong with each.
	Tried []string
}

// Error lists what was tried.
func (e *NoCredentials) Error() string {
	where := ""
	if e.Store != "" {
		where = e.Store + ": "
	}
	return where + "no credentials for S3: " + strings.Join(e.Tried, "; ") + ". Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
}

// credentialChain looks for credentials like the AWS tools: in the environment,
// in a profile, then from the machine's role. Unlike the library's chain it fails
// if it finds none.
type credentialChain struct {
	getenv  func(string) string
	profile string
	from    credentials.Provider // source of the credentials; the library calls from one goroutine at a time
	fixed   atomic.Bool          // whether they never change
}

// RetrieveWithCredContext finds credentials.
func (c *credentialChain) RetrieveWithCredContext(cc *credentials.CredContext) (credentials.Value, error) {
	id := cmp.Or(c.getenv("AWS_ACCESS_KEY_ID"), c.getenv("AWS_ACCESS_KEY"))
	secret := cmp.Or(c.getenv("AWS_SECRET_ACCESS_KEY"), c.getenv("AWS_SECRET_KEY"))
	switch {
	case id != "" && secret != "":
		v := credentials.Value{AccessKeyID: id, SecretAccessKey: secret, SessionToken: c.getenv("AWS_SESSION_TOKEN"), SignerType: credentials.SignatureV4}
		c.from = &credentials.Static{Value: v}
		c.fixed.Store(true)
		return v, nil
	case id != "":
		return credentials.Value{}, &NoCredentials{Tried: []string{"AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not"}}
	case secret != "":
		return credentials.Value{}, &NoCredentials{Tried: []string{"AWS_SECRET_ACCESS_KEY is set and AWS_ACCESS_KEY_ID is not"}}
	}
	tried := []string{"the environment holds no AWS_ACCESS_KEY_ID"}
	if err := c.checkFiles(); err != nil {
		return credentials.Value{}, &NoCredentials{Tried: append(tried, err.Error())}
	}
	file := &credentials.FileAWSCredentials{Profile: c.profile}
	v, err := file.RetrieveWithCredContext(cc)
	switch {
	case err == nil && v.AccessKeyID != "" && v.SecretAccessKey != "":
		c.from = file
		return v, nil
	case err != nil && strings.Contains(err.Error(), "partial"):
		return credentials.Value{}, &NoCredentials{Tried: append(tried, fmt.Sprintf("profile %q: %v", c.profile, err))}
	case err != nil:
		tried = append(tried, fmt.Sprintf("profile %q: %v", c.profile, err))
	default:
		tried = append(tried, fmt.Sprintf("profile %q holds no keys (role_arn and source_profile are not supported)", c.profile))
	}
	if strings.EqualFold(c.getenv("AWS_EC2_METADATA_DISABLED"), "true") {
		return credentials.Value{}, &NoCredentials{Tried: append(tried, "AWS_EC2_METADATA_DISABLED is set")}
	}
	ctx, stop := context.WithTimeout(context.Background(), 5*time.Second)
	defer stop()
	role := &credentials.IAM{Client: &http.Client{Timeout: 3 * time.Second}}
	v, err = role.RetrieveWithCredContext(&credentials.CredContext{Context: ctx})
	if err == nil && v.AccessKeyID != "" && v.SecretAccessKey != "" {
		c.from = role
		return v, nil
	}
	why := "it has no keys"
	if err != nil {
		why = err.Error()
	}
	return credentials.Value{}, &NoCredentials{Tried: append(tried, "the role of this machine: "+why)}
}

// checkFiles returns an error for a file of credentials that the library would wait
// for, or read without end.
func (c *credentialChain) checkFiles() error {
	for variable, name := range map[string]string{
		"AWS_SHARED_CREDENTIALS_FILE": "credentials", "AWS_CONFIG_FILE": "config",
		"AWS_WEB_IDENTITY_TOKEN_FILE": "", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "",
	} {
		if err := CheckNamed(awsFile(c.getenv, variable, name)); err != nil {
			return fmt.Errorf("%s: %w", variable, err)
		}
	}
	return nil
}

// Retrieve finds credentials.
func (c *credentialChain) Retrieve() (credentials.Value, error) {
	return c.RetrieveWithCredContext(nil)
}

// IsExpired reports whether new credentials are needed.
func (c *credentialChain) IsExpired() bool { return c.from == nil || c.from.IsExpired() }
