"""Clients that differ by how they show who they are, each kind in a class."""

import itertools
import os
import time

from OpenSSL import SSL

from harness import certificates, cwt, wire
from harness.cbor import Tagged, cbor
from harness.process import eventually
from harness.psk import PskClient
from harness.tokens import Ed25519Key, Es256Key, HmacKey
from harness.wire import V5, V311
from worker import LIFE, WAIT, Worker
from world import AUTHZ_INFO, MAC_ISSUER, identity_of


class Stranger(Worker):
    """Has no token, and uses what is public."""

    pause = 0.2

    def round(self):
        client = self.without_token(version=(V5, V311)[self.rounds % 2])
        self.subscribe_and_hear(client, f"public/{self.id}")
        assert client.subscribe((f"private/{self.id}", 0)) == [
            0x87 if client.version == V5 else 0x80]
        self.denied(client, f"private/{self.id}")


class Concise(Worker):
    """Has CWTs: signed, signed and encrypted, or with a MAC."""

    keys = 6

    def __init__(self, soak, number):
        super().__init__(soak, number)
        self.kinds = [Ed25519Key(), Es256Key(), HmacKey()]

    def cwt(self, form, permission):
        issuer = self.world.stack.authorization_server
        key = issuer.key
        claims = cwt.claims(
            self.key, permission, life=LIFE, subject=self.id,
            encryption_key=issuer.encryption_key,
            **({"c1": MAC_ISSUER} if form == "MAC" else {}))
        if form == "MAC":
            return cwt.encode(cwt.sign(claims, self.world.mac_key, b"mac-1"))
        signed = cwt.sign(claims, key, key.public_jwk()["kid"].encode())
        if form == "signed":
            return cwt.encode(signed)
        return cwt.encode(Tagged(cwt.ENCRYPT0, cwt.encrypt0(
            issuer.encryption_key, cbor(signed), b"rs-1")))

    def round(self):
        topic = f"cwt/{self.id}"
        self.key = self.kinds[self.rounds % 3]
        form = ("signed", "encrypted", "MAC")[self.rounds // 3 % 3]
        token = self.cwt(form, f"{topic} pub sub")
        client = self.let_in(token, (V5, V311)[self.rounds % 2])
        self.subscribe_and_hear(client, topic)
        self.denied(client, "other")
        self.kept_out(token[:-1] + bytes([token[-1] ^ 1]))


class Draft01(Worker):
    """Proves itself as draft-01 has it: over a nonce of its own, over its
    CONNECT, by challenge, with MQTT 3.1.1; and once more with the same proof.
    """

    # The policy service remembers each proof for an hour after its token's end.
    pause = 1

    def round(self):
        topic = f"draft/{self.id}"
        token = self.world.draft_token(
            self.key, subject=self.id, life=LIFE,
            scope=f"publish_{topic} subscribe_{topic}")
        way = (self.over_nonce, self.over_payload, self.by_challenge,
               self.over_payload_v311)[self.rounds % 4]
        client = way(token)
        self.counts["proofs"] += 1
        self.subscribe_and_hear(client, topic)
        self.denied(client, "other")

    def over_nonce(self, token):
        nonce = os.urandom(8)
        return self.let_in_once(self.connect_with(
            wire.binary(token) + wire.binary(nonce) + self.key.sign(nonce)))

    def over_payload(self, token):
        return self.let_in_once(self.connect_with(
            wire.binary(token) + wire.binary(b"") +
            self.key.sign(wire.text(self.id))))

    def over_payload_v311(self, token):
        return self.let_in_once(wire.connect(
            V311, self.id, username=token.decode(),
            password=self.key.sign(wire.text(self.id))), V311)

    def by_challenge(self, token):
        client = self.open()
        client.send(self.connect_with(wire.binary(token)))
        nonce = client.expect("AUTH", WAIT).properties["authentication_data"]
        client.send(wire.auth(0x18, self.key.sign(nonce)))
        self.accept(client.expect("CONNACK", WAIT))
        return client

    def connect_with(self, data):
        return wire.connect(client_id=self.id, props={
            "authentication_method": "ace", "authentication_data": data})

    def let_in_once(self, connect, version=V5):
        client = self.open(version)
        client.send(connect)
        self.accept(client.expect("CONNACK", WAIT))
        again = self.open(version)
        again.send(connect)
        self.refuse(again, again.expect("CONNACK", WAIT))
        return client


class Reference(Worker):
    """Has an opaque token, which is asked about, again while it is connected,
    until it is active no more."""

    # Of 10,000 references the policy service keeps what it was told last, be it
    # that it counts no more: these few are used again and again.
    names = 4
    is_asked_about = True

    def round(self):
        topic = f"reference/{self.id}"
        server = self.world.references
        token = f"{self.id}-{self.rounds % self.names}".encode()
        server.activate(token, self.key, f"{topic} pub sub", life=300,
                        subject=self.id)
        client = self.let_in(token, (V5, V311)[self.rounds % 2])
        self.subscribe_and_hear(client, topic)
        asked = server.asked[token]
        eventually(lambda: server.asked[token] > asked, "asked again", WAIT)
        self.hear(client, topic)
        server.revoke(token)
        if client.version == V5:
            client.expect_disconnect(0x87, WAIT)
        else:
            client.expect_closed(WAIT)
        self.kept_out(token)


class Depositor(Worker):
    """Has its token published to authz-info, and comes without one: by the key
    that it has proven before."""

    pause = 1.1  # tokens of one second take each other's place at a pace only

    def round(self):
        first, second = f"stored/{self.id}/1", f"stored/{self.id}/2"
        # A second older than the next: of one second, none is the newer one.
        self.leave(self.let_in(self.token(f"{first} pub sub",
                                          iat=int(time.time()) - 1)))
        self.deposit(f"{second} pub sub")
        client = self.open()
        client.send(wire.connect(client_id=self.id, props={
            "authentication_method": "ace"}))
        client.answer_challenge(client.expect("AUTH", WAIT), self.key)
        self.accept(client.expect("CONNACK", WAIT))
        self.subscribe_and_hear(client, second)
        self.denied(client, first)

    def deposit(self, permission):
        """By somebody else, who also publishes what is no good."""
        poster = self.without_token(version=(V5, V311)[self.rounds % 2],
                                    client_id=f"{self.id}-poster")
        self.store(poster, self.token(permission), 1 + self.rounds % 2)
        if poster.version == V5:
            for qos, code, token in (
                    (1, 0x87, self.token(permission, aud="other")),
                    (2, 0x99, b"")):
                self.expect_code(poster.publish(AUTHZ_INFO, token, qos), code)
                self.counts["not stored"] += 1
        if self.rounds % 4 < 2:
            self.leave(poster)

    def store(self, client, token, qos=1):
        """Not with QoS 0: nobody is told when it is there."""
        self.publish(client, AUTHZ_INFO, qos, payload=token)
        self.counts["stored"] += 1


class Certified(Depositor):
    """Is known by the key of its TLS certificate, or by the certificate."""

    def __init__(self, soak, number):
        super().__init__(soak, number)
        self.key = (Ed25519Key, Es256Key)[number % 2]()
        self.certificate = certificates.self_signed(self.key, days=-1)
        self.claims = {} if number % 2 else {"cnf": {
            "x5t#S256": certificates.thumbprint(self.certificate[0])}}

    def round(self):
        topic = f"certified/{self.id}"
        version = (V5, V5, V311)[self.rounds % 3]
        tls = {"certificate": self.certificate, "max_version": (
            SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION)[self.rounds % 2]}
        poster = self.without_token(
            self.open(**(tls if self.rounds % 4 < 2 else {})))
        self.store(poster, self.token(f"{topic} pub sub", **self.claims))
        client = self.without_token(self.open(version, **tls))
        self.subscribe_and_hear(client, topic)
        self.denied(client, "other")


class Shared(Depositor):
    """Is known by a key that it shares, in the TLS handshake."""

    def __init__(self, soak, number):
        super().__init__(soak, number)
        self.key = HmacKey(f"key-of-{self.id}")

    def psk_client(self, key, version=V5):
        return self.opened(PskClient(
            self.world.stack.address, key.secret,
            identity_of(f"key-of-{self.id}"), version=version))

    def round(self):
        topic = f"shared/{self.id}"
        poster = self.without_token(client_id=f"{self.id}-poster")
        self.store(poster, self.token(f"{topic} pub sub"))
        client = self.without_token(
            self.psk_client(self.key, (V5, V311)[self.rounds % 2]))
        self.subscribe_and_hear(client, topic)
        self.denied(client, "other")
        stranger = self.psk_client(HmacKey())
        stranger.send(wire.connect())
        stranger.expect_closed(WAIT)
        assert "alert" in stranger.tls.complaint(WAIT)
        self.counts["no handshake"] += 1


class Impostor(Worker):
    """Has a token, and not its key; or what is no token, or of nobody."""

    pause = 0.2
    is_asked_about = True

    def __init__(self, soak, number):
        super().__init__(soak, number)
        # What is of neither form of a token is asked about; see Reference.
        self.worthless = itertools.cycle(
            (b"nobody's reference", b"\xd8\x3d", b"a.b.c"))

    def round(self):
        self.kept_out(self.token("x pub"), key=Ed25519Key(),
                      pop=("exporter", "challenge")[self.rounds % 2])
        self.kept_out(next(self.worthless), (V5, V311)[self.rounds % 2])
