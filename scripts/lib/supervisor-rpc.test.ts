import { expect, test } from 'vitest';
import { callXml, structsIn } from './supervisor-rpc.ts';

test('a call names its method and escapes its parameters', () => {
  expect(callXml('stopProcessGroup', ['a<b>&c'])).toBe(
    '<?xml version="1.0"?><methodCall><methodName>supervisor.stopProcessGroup</methodName>' +
      '<params><param><value><string>a&lt;b>&amp;c</string></value></param></params></methodCall>',
  );
});

test('yes and no are no words', () => {
  expect(callXml('stopProcessGroup', ['a', false])).toContain(
    '<param><value><string>a</string></value></param><param><value><boolean>0</boolean></value></param>',
  );
});

test('a fault is a struct like any other', () => {
  const xml = `<methodResponse><fault><value><struct>
<member><name>faultCode</name><value><int>10</int></value></member>
<member><name>faultString</name><value><string>BAD_NAME: a&amp;b</string></value></member>
</struct></value></fault></methodResponse>`;
  expect(structsIn(xml)).toEqual([{ faultCode: '10', faultString: 'BAD_NAME: a&b' }]);
});
