// What does not keep to the contract does not compile: each line below an @ts-expect-error has to be wrong.
import createClient from "openapi-fetch";
import type { paths } from "./contract.js";

const client = createClient<paths>();

// @ts-expect-error a parameter of another kind
await client.GET("/api/v1/courses", { params: { query: { limit: "5" } } });
// @ts-expect-error a parameter that nobody knows
await client.GET("/api/v1/courses", { params: { query: { colour: "red" } } });
// @ts-expect-error an address that is not there
await client.GET("/api/v1/course");
// @ts-expect-error a method that is not there
await client.DELETE("/api/v1/courses");
// @ts-expect-error a field that is missing
await client.POST("/api/v1/auth/token", { body: { email: "lena@example.com" } });
// @ts-expect-error a part of the address that is missing
await client.GET("/api/v1/payments/{payment_id}");
// @ts-expect-error a status that no payment has
await client.GET("/api/v1/payments", { params: { query: { status: "paid" } } });

const { data, error } = await client.GET("/api/v1/me");
// @ts-expect-error a field that nobody has
console.log(data?.nickname);
// @ts-expect-error a code that this call never answers
console.log(error?.code === "already_purchased");
