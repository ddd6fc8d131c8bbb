import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { SpillwayError } from '../../errors.ts';

/**
 * Link-local networks and the metadata services of clouds: a policy must not make the controller speak to these. IPv6
 * forms that carry an IPv4 address are judged by what they carry. (RFC 3927, RFC 4291; Azure: 168.63.129.16; AWS:
 * fd00:ec2::/32; Google: fd20:ce::254; Alibaba: 100.100.100.200; Oracle: 192.0.0.192.)
 */
const refused = new BlockList();
refused.addSubnet('169.254.0.0', 16, 'ipv4');
for (const address of ['168.63.129.16', '100.100.100.200', '192.0.0.192'])
  refused.addAddress(address, 'ipv4');
refused.addSubnet('fe80::', 10, 'ipv6');
refused.addSubnet('fd00:ec2::', 32, 'ipv6');
refused.addAddress('fd20:ce::254', 'ipv6');
/** `::/96` is the old IPv4-compatible form, `64:ff9b::/96` is NAT64 (RFC 6052), `::ffff:0:0:0/96` SIIT (RFC 7915). */
for (const carrier of ['::', '64:ff9b::', '::ffff:0:']) {
  refused.addSubnet(`${carrier}169.254.0.0`, 112, 'ipv6');
  for (const address of ['168.63.129.16', '100.100.100.200', '192.0.0.192']) {
    refused.addAddress(`${carrier}${address}`, 'ipv6');
  }
}

/** Whether an IP address is one that no source may point to. */
export function isRefusedAddress(address: string): boolean {
  const bare = address.replace(/%.*$/, '');
  const family = isIP(bare);
  if (family === 0) return false;
  return refused.check(bare, family === 6 ? 'ipv6' : 'ipv4');
}

/**
 * DNS for connections to Redis: the system's, and `REDIS_ADDRESS_REFUSED` when any of the addresses is refused. The
 * socket connects to what was checked here, so a name cannot change its answer in between.
 */
export function guardedLookup(resolve: typeof systemLookup = systemLookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, found: LookupAddress[]) => {
      if (error !== null) {
        callback(error, []);
        return;
      }
      if (found.some(({ address }) => isRefusedAddress(address))) {
        callback(new SpillwayError('REDIS_ADDRESS_REFUSED'), []);
        return;
      }
      const [first] = found;
      if (options.all === true || first === undefined) callback(null, found);
      else callback(null, first.address, first.family);
    });
  };
}
