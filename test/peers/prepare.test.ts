import assert from "node:assert/strict";
import { test } from "node:test";
import { type Peer, preparePeers } from "./prepare.ts";

const missing: Peer = {
  suite: "a suite",
  path: "/nowhere/at/all",
  variable: "ENLACE_TEST_NOTHING",
  debianPackage: "enlace-has-no-such-package",
};

test("a peer that is there is named to its suite", () => {
  const peers = preparePeers({}, [{ ...missing, path: import.meta.dirname }]);
  assert.deepEqual(peers, { environment: { ENLACE_TEST_NOTHING: import.meta.dirname }, skipped: [] });
});

test("outside CI nothing is installed: the suite is skipped, and the reason says what to install", () => {
  const { environment, skipped } = preparePeers({}, [missing]);
  assert.deepEqual(environment, {});
  assert.equal(skipped[0]?.suite, "a suite");
  assert.match(skipped[0]?.reason ?? "", /install the Debian package enlace-has-no-such-package, or set CI=true/);
});

test("in CI an install that cannot be had is a skip with its reason, not a failure", () => {
  const { skipped } = preparePeers({ CI: "true", PATH: "/nowhere" }, [missing]);
  assert.match(skipped[0]?.reason ?? "", /apt-get update failed|only root could install/);
});
