-- Which sentence the problem of a trunk file is, so that a console tells it in the reader's language.
alter table trunk_files add column problem_words jsonb;
