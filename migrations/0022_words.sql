-- Beside each reason its words: `{"text", "code", "values"}`, so that a console tells it in the reader's language. `text` is the
-- reason as it was written; words of another text are not this reason's (see core/sentence.ts). Null: the English text has to do.
alter table deliveries add column reason_words jsonb, add column review_words jsonb;
alter table attempts add column reason_words jsonb;
alter table lanes add column hold_words jsonb, add column last_words jsonb;
