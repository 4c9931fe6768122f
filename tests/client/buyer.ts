// A learner's app, in types that were made of the contract: signs up, buys a course, waits until it may be opened.
//
//   node buyer.js API STRIPE PUBLISHABLE_KEY EMAIL
//
// Prints what it saw as one line of JSON. Nothing of it is cast: what the contract does not say does not compile.
import createClient from "openapi-fetch";
import type { components, paths } from "./contract.js";

declare const process: { argv: string[] };

type Payment = components["schemas"]["Payment"];
type Course = components["schemas"]["Course"];

const [api = "", stripe = "", publishableKey = "", email = ""] = process.argv.slice(2);
const password = "seven wet kites over Bergen";
const client = createClient<paths>({ baseUrl: api });

function good<T>(answer: { data?: T; error?: { code: string; detail: string } }): T {
  if (answer.data === undefined) throw new Error(`${answer.error?.code}: ${answer.error?.detail}`);
  return answer.data;
}

async function signIn(): Promise<{ Authorization: string }> {
  good(await client.POST("/api/v1/users", { body: { email, name: "Lena Süß", password } }));
  const token = good(await client.POST("/api/v1/auth/token", { body: { email, password } }));
  return { Authorization: `Bearer ${token.access_token}` };
}

async function firstPricedCourse(): Promise<Course> {
  let cursor: string | null = "";
  while (cursor !== null) {
    const page: components["schemas"]["CourseList"] = good(
      await client.GET("/api/v1/courses", { params: { query: { limit: 5, cursor } } }),
    );
    const found = page.items.find((course) => course.price.amount > 0);
    if (found) return found;
    cursor = page.next_cursor;
  }
  throw new Error("nothing on the shelf has a price");
}

async function confirm(intent: string, clientSecret: string): Promise<void> {
  const answer = await fetch(`${stripe}/v1/payment_intents/${intent}/confirm`, {
    method: "POST",
    headers: { Authorization: `Bearer ${publishableKey}` },
    body: new URLSearchParams({ client_secret: clientSecret, payment_method: "pm_card_visa" }),
  });
  if (!answer.ok) throw new Error(await answer.text());
}

async function until<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 150; tries += 1) {
    const found = await ask();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error("it never came");
}

const headers = await signIn();
const course = await firstPricedCourse();
const purchase = {
  headers,
  params: { path: { course_id: course.id }, header: { "Idempotency-Key": crypto.randomUUID() } },
};
const bought = await client.POST("/api/v1/courses/{course_id}/purchase", purchase);
const again = await client.POST("/api/v1/courses/{course_id}/purchase", purchase);
const order = good(bought);
if (!("client_secret" in order)) throw new Error("a course with a price is no enrolment");
if (order.stripe_payment_intent_id === null) throw new Error("there is no intent to confirm");
await confirm(order.stripe_payment_intent_id, order.client_secret);

const access = await until(async () => {
  const seen = good(
    await client.GET("/api/v1/me/access", { headers, params: { query: { course_id: course.id } } }),
  );
  return seen.allowed ? seen : undefined;
});
const payment: Payment = good(
  await client.GET("/api/v1/payments/{payment_id}", { headers, params: { path: { payment_id: order.id } } }),
);
const refused = await client.POST("/api/v1/courses/{course_id}/purchase", {
  headers,
  params: { path: { course_id: course.id } },
});

const seen = {
  course: course.id,
  price: course.price.amount,
  isSameAgain: JSON.stringify(again.data) === JSON.stringify(bought.data),
  replayed: again.response.headers.get("Idempotent-Replayed"),
  reasons: access.reasons.map((reason) => reason.reason),
  payment: payment.status,
  amount: payment.amount,
  refusal: refused.error?.code,
};
console.log(JSON.stringify(seen));
