"""Client certificates that nobody but their owner has signed."""

import base64
import datetime
import ipaddress
import subprocess

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding, NoEncryption, PrivateFormat, load_pem_private_key)
from cryptography.x509.oid import NameOID

from . import secrets_book
from .tokens import Ed25519Key


def self_signed(key, days=1):
    """PEM of a certificate of `key`, and of its private key.

    It is in force from two days ago until in so many days, which may be past.
    """
    private = key._key  # pylint: disable=protected-access
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "device")])
    now = datetime.datetime.utcnow()
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=2))
        .not_valid_after(now + datetime.timedelta(days=days))
        .sign(private,
              None if isinstance(key, Ed25519Key) else hashes.SHA256()))
    return (certificate.public_bytes(Encoding.PEM),
            private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8,
                                  NoEncryption()))


def renew(directory, and_then="mv renewed.crt server.crt"):
    """Writes renewed.crt, a new certificate for the listeners' key, then runs a
    shell command there."""
    subprocess.run(
        "openssl req -new -key server.key -subj /CN=renewed |"
        " openssl x509 -req -days 1 -CA ca.crt -CAkey ca.key"
        f" -CAcreateserial -out renewed.crt && {and_then}",
        shell=True, cwd=directory, check=True, capture_output=True)


def issue(directory, name, days, host="localhost"):
    """Writes NAME.crt and NAME.key for the host of the tests, signed by ca.crt.

    It is in force from two days ago until in so many days, which may be past.
    `host`: the host's name.
    """
    ca = x509.load_pem_x509_certificate((directory / "ca.crt").read_bytes())
    ca_key = load_pem_private_key((directory / "ca.key").read_bytes(), None)
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.utcnow()
    hosts = x509.SubjectAlternativeName([
        x509.DNSName(host),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name(
            [x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(ca.subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=2))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(hosts, False).sign(ca_key, hashes.SHA256()))
    (directory / f"{name}.crt").write_bytes(
        certificate.public_bytes(Encoding.PEM))
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    secrets_book.remember_private_key(pem, f"{name}.key")
    (directory / f"{name}.key").write_bytes(pem)


def thumbprint(leaf):
    """`x5t#S256` (RFC 8705) of a certificate in PEM."""
    digest = x509.load_pem_x509_certificate(leaf).fingerprint(hashes.SHA256())
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
